"""axe-core finds no violations of WCAG 2.2 AA on any page, light or dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
EXEMPT = {
    "/admin/": ["link-in-text-block"],
    "/api/docs/": ["color-contrast", "nested-interactive", "target-size"],
    "/api/redoc/": ["color-contrast"],
}
"""Pages of Django, Swagger UI and ReDoc, each with the rules it is known to break."""
VISITOR = [
    "/",
    "/search/?search=man",
    "/search/",
    "/heroes/",
    "/heroes/?limit=5&search=a&ordering=-age",
    "/heroes/?search=nobody+at+all",
    "/heroes/?age__gte=old&nmae=Owl",
    "/heroes/?offset=1000",
    "/heroes/1/",
    "/heroes/1/?as_of=2100-01-01T00:00:00Z",
    "/heroes/1/history/",
    "/heroes/deleted/",
    "/heroes/999999/",
    "/teams/",
    "/teams/1/",
    "/history/",
    "/history/1/",
    "/language/",
    "/account/login/",
    "/api/docs/",
    "/api/redoc/",
]
KEEPER = [
    "/heroes/?fields=name,version,created_at,updated_at",
    "/heroes/?search=man",
    "/heroes/new/",
    "/heroes/1/",
    "/heroes/1/edit/",
    "/heroes/1/delete/",
    "/heroes/1/history/",
    "/heroes/1/history/1/revert/",
    "/heroes/selected/team/?record=1-1&record=2-1&team=3",
    "/heroes/selected/?record=1-1",
    "/heroes/selected/",
    "/heroes/views/",
    "/teams/1/delete/",
    "/history/1/undo/",
    "/account/tokens/",
    "/account/password/change/",
    "/account/logout/",
    "/admin/",
    "/admin/heroes/hero/",
    "/admin/heroes/hero/1/change/",
    "/admin/teams/team/1/delete/",
]


def findings(page: Page, address: str) -> list[str]:
    """Return the violations that axe finds on the page, a line for each rule."""
    exempt = next((rules for start, rules in EXEMPT.items() if address.startswith(start)), None)
    options = {
        "resultTypes": ["violations"],
        "preload": False,  # it would add styles to the page
        "runOnly": [*WCAG, "best-practice"] if exempt is None else WCAG,
        "rules": {rule: {"enabled": False} for rule in exempt or ()},
    }
    found = Axe().run(page, options=options).response["violations"]
    return [f"{rule['id']}: {rule['help']}: {[node['html'] for node in rule['nodes']][:3]}" for rule in found]


def findings_by_theme(page: Page, address: str) -> dict[str, list[str]]:
    found = {"light": findings(page, address)}
    page.emulate_media(color_scheme="dark")
    page.evaluate("Promise.allSettled(document.getAnimations().map((animation) => animation.finished))")
    return found | {"dark": findings(page, address)}


@pytest.mark.parametrize(
    ("username", "address"),
    [*(("visitor", address) for address in VISITOR), *(("keeper", address) for address in KEEPER)],
)
def test_axe_finds_nothing(username, address, visit):
    page = visit(username)
    page.goto(address)
    if address.startswith("/api/"):
        page.get_by_role("heading", name="heroesite").first.wait_for()
        page.wait_for_load_state("networkidle")
    assert findings_by_theme(page, address) == {"light": [], "dark": []}


def open_columns(page: Page) -> None:
    page.goto("/heroes/?limit=5")
    page.get_by_text("Columns").click()


def select_rows(page: Page) -> None:
    page.goto("/heroes/?limit=5")
    page.locator("#select-all").check()
    page.get_by_role("combobox", name="Team", exact=True).last.click()


def save_a_view(page: Page) -> None:
    page.goto("/heroes/?age__gte=7")
    page.locator("#views summary").click()
    if page.get_by_label("Save this view as").count():
        page.get_by_label("Save this view as").fill("Old enough")
        page.get_by_role("button", name="Save view").click()
        page.get_by_role("status").get_by_text("Old enough").wait_for()
    page.goto("/heroes/views/")


def filter_teams(page: Page) -> None:
    page.goto("/heroes/new/")
    page.get_by_role("combobox", name="Team").fill("the")
    page.keyboard.press("ArrowDown")


def make_errors(page: Page) -> None:
    page.goto("/heroes/new/")
    page.get_by_label("Age").fill("ten")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").wait_for()


def cause_a_conflict(page: Page) -> None:
    page.goto("/heroes/1/edit/")
    page.locator("[name=seen_version]").evaluate("field => { field.value = '999' }")
    page.get_by_label("Age").fill("12")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("table").wait_for()


def open_history(page: Page) -> None:
    page.goto("/heroes/1/")
    page.locator("summary").filter(has_text="History").click()
    page.get_by_role("table").wait_for()


def show_shortcuts(page: Page) -> None:
    page.goto("/heroes/")
    page.keyboard.press("?")


def create_a_token(page: Page) -> None:
    page.goto("/account/tokens/")
    page.get_by_label("Name", exact=True).fill("for axe")
    page.get_by_role("button", name="Create token").click()
    page.get_by_text("Your new token").wait_for()


def show_a_secret_name(page: Page) -> None:
    page.goto("/heroes/1/")
    page.get_by_role("button", name="Show secret name").click()
    page.locator(".revealed").wait_for()


INTERACTIONS = [
    open_columns,
    select_rows,
    save_a_view,
    filter_teams,
    make_errors,
    cause_a_conflict,
    open_history,
    show_shortcuts,
    create_a_token,
    show_a_secret_name,
]


@pytest.mark.parametrize("interact", INTERACTIONS)
def test_axe_finds_nothing_after_interactions(interact, visit):
    page = visit("keeper")
    interact(page)
    assert findings_by_theme(page, "") == {"light": [], "dark": []}


@pytest.mark.parametrize("address", ["/", "/heroes/", "/heroes/1/edit/", "/history/"])
def test_axe_finds_nothing_on_a_phone_in_german(address, visit):
    page = visit("keeper", locale="de-DE", viewport={"width": 360, "height": 740}, has_touch=True)
    page.goto(address)
    assert page.locator("html").get_attribute("lang") == "de"
    assert findings_by_theme(page, address) == {"light": [], "dark": []}


@pytest.mark.parametrize(("theme", "system"), [("light", "dark"), ("dark", "light")])
def test_axe_finds_nothing_in_a_selected_theme(theme, system, visit):
    page = visit("keeper", color_scheme=system)
    page.goto("/heroes/")
    page.get_by_role("contentinfo").get_by_role("combobox").select_option(theme)
    assert findings(page, "/heroes/") == []
