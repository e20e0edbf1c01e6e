"""Light and dark: as the system has it, or as one chose it, here or in the admin."""

import pytest
from playwright.sync_api import Locator, Page, expect

BACKGROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture
def backgrounds(visit) -> dict[str, str]:
    """The backgrounds of a page in a light and in a dark system."""
    found = {}
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme)
        page.goto("/")
        found[scheme] = page.evaluate(BACKGROUND)
    assert found["light"] != found["dark"]
    return found


def theme(page: Page) -> Locator:
    """The select in the footer."""
    return page.get_by_role("contentinfo").get_by_role("combobox")


def test_the_system_decides_until_a_theme_is_chosen_and_the_choice_stays(visit, backgrounds):
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


def test_opening_the_admin_leaves_the_theme_to_the_system(visit, backgrounds):
    page = visit("administrator", color_scheme="dark")
    page.goto("/admin/")
    page.goto("/")
    expect(theme(page)).to_have_value("auto")
    assert page.evaluate(BACKGROUND) == backgrounds["dark"]


def test_pages_and_admin_have_one_theme(visit, backgrounds):
    page = visit("administrator", color_scheme="light")
    page.goto("/admin/")
    page.get_by_role("button", name="Toggle theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/")
    expect(theme(page)).to_have_value("dark")
    assert page.evaluate(BACKGROUND) == backgrounds["dark"]
    for choice in ("light", "auto"):
        theme(page).select_option(choice)
        page.goto("/admin/")
        expect(page.locator("html")).to_have_attribute("data-theme", choice)
        page.goto("/")
        expect(theme(page)).to_have_value(choice)


def test_an_open_page_follows_a_choice_in_the_admin(visit, backgrounds):
    page = visit("administrator", color_scheme="light")
    page.goto("/")
    admin = page.context.new_page()
    admin.goto("/admin/")
    admin.get_by_role("button", name="Toggle theme").click()
    expect(theme(page)).to_have_value("dark")
    assert page.evaluate(BACKGROUND) == backgrounds["dark"]


def test_a_theme_that_does_not_exist_is_the_systems(visit, backgrounds):
    page = visit(color_scheme="dark")
    page.goto("/")
    page.evaluate("localStorage.setItem('theme', 'sepia')")
    page.reload()
    expect(theme(page)).to_have_value("auto")
    assert page.evaluate(BACKGROUND) == backgrounds["dark"]
