"""The theme is the system's, unless the user selects light or dark on a page or in the admin."""

import pytest
from playwright.sync_api import Locator, Page, expect

BACKGROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture
def backgrounds(visit) -> dict[str, str]:
    """The background of a page, by the theme of the system."""
    found = {}
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme)
        page.goto("/")
        found[scheme] = page.evaluate(BACKGROUND)
    assert found["light"] != found["dark"]
    return found


def theme(page: Page) -> Locator:
    """Return the select in the footer."""
    return page.get_by_role("contentinfo").get_by_role("combobox")


def test_a_selected_theme_overrides_the_system_on_all_pages(visit, backgrounds):
    page = visit(color_scheme="light")
    page.goto("/")
    expect(theme(page)).to_have_value("auto")
    theme(page).select_option("dark")
    assert page.evaluate(BACKGROUND) == backgrounds["dark"]
    page.goto("/heroes/")
    assert page.evaluate(BACKGROUND) == backgrounds["dark"]
    expect(theme(page)).to_have_value("dark")
    theme(page).select_option("auto")
    assert page.evaluate(BACKGROUND) == backgrounds["light"]
    page.goto("/heroes/")
    expect(theme(page)).to_have_value("auto")
    assert page.evaluate(BACKGROUND) == backgrounds["light"]


def test_opening_the_admin_does_not_select_a_theme(visit, backgrounds):
    page = visit("administrator", color_scheme="dark")
    page.goto("/admin/")
    page.goto("/")
    expect(theme(page)).to_have_value("auto")
    assert page.evaluate(BACKGROUND) == backgrounds["dark"]


def test_pages_and_admin_share_the_selected_theme(visit, backgrounds):
    page = visit("administrator", color_scheme="light")
    page.goto("/admin/")
    page.get_by_role("button", name="Toggle theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/")
    expect(theme(page)).to_have_value("dark")
    assert page.evaluate(BACKGROUND) == backgrounds["dark"]
    for selected in ("light", "auto"):
        theme(page).select_option(selected)
        page.goto("/admin/")
        expect(page.locator("html")).to_have_attribute("data-theme", selected)
        page.goto("/")
        expect(theme(page)).to_have_value(selected)


def test_an_open_page_applies_a_theme_selected_in_the_admin(visit, backgrounds):
    page = visit("administrator", color_scheme="light")
    page.goto("/")
    admin = page.context.new_page()
    admin.goto("/admin/")
    admin.get_by_role("button", name="Toggle theme").click()
    expect(theme(page)).to_have_value("dark")
    assert page.evaluate(BACKGROUND) == backgrounds["dark"]


def test_an_unknown_theme_is_replaced_with_the_systems(visit, backgrounds):
    page = visit(color_scheme="dark")
    page.goto("/")
    page.evaluate("localStorage.setItem('theme', 'sepia')")
    page.reload()
    expect(theme(page)).to_have_value("auto")
    assert page.evaluate(BACKGROUND) == backgrounds["dark"]
