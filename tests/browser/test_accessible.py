"""Every page as axe-core judges it, by WCAG 2.2 AA, in light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
EXEMPT = {
    "/admin/": ["link-in-text-block"],
    "/api/docs/": ["color-contrast", "nested-interactive"],
    "/api/redoc/": ["color-contrast"],
}
"""Pages that Django, Swagger UI and ReDoc draw, and the rules that these are known to break."""
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
    """What axe finds on the page that is shown, a line for each rule."""
    exempt = next((rules for start, rules in EXEMPT.items() if address.startswith(start)), None)
    options = {
        "resultTypes": ["violations"],
        "preload": False,  # for which axe would write styles into the page
        "runOnly": [*WCAG, "best-practice"] if exempt is None else WCAG,
        "rules": {rule: {"enabled": False} for rule in exempt or ()},
    }
    found = Axe().run(page, options=options).response["violations"]
    return [f"{rule['id']}: {rule['help']}: {[node['html'] for node in rule['nodes']][:3]}" for rule in found]


def in_both_themes(page: Page, address: str) -> dict[str, list[str]]:
    found = {"light": findings(page, address)}
    page.emulate_media(color_scheme="dark")
    return found | {"dark": findings(page, address)}


@pytest.mark.parametrize(
    ("who", "address"),
    [*(("visitor", address) for address in VISITOR), *(("keeper", address) for address in KEEPER)],
)
def test_axe_finds_nothing(who, address, visit):
    page = visit(who)
    page.goto(address)
    if address.startswith("/api/"):
        page.get_by_role("heading", name="heroesite").first.wait_for()
    assert in_both_themes(page, address) == {"light": [], "dark": []}
