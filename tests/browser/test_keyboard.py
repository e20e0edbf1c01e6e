"""Everything by the keyboard alone, and the keys that are quicker still."""

import re

import pytest
from playwright.sync_api import Page, expect


def tab_to(page: Page, name: str, role: str = "") -> None:
    """Press Tab until what has the focus is called ``name``."""
    wanted = page.get_by_role(role, name=name, exact=True) if role else page.get_by_label(name, exact=True)
    for _press in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate_all("found => found.includes(document.activeElement)"):
            return
    raise AssertionError(f"Tab does not lead to {name}.")


def test_the_first_tab_leads_past_the_head_of_the_page(visit, scripts):
    page = visit(java_script_enabled=scripts)
    page.goto("/heroes/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#content$"))


def test_an_editor_adds_a_hero_and_deletes_it_by_keyboard_alone(visit, scripts):
    page = visit("editor", java_script_enabled=scripts)
    name = f"Keyed {'with' if scripts else 'without'}"
    page.goto("/heroes/")
    tab_to(page, "New hero", "link")
    page.keyboard.press("Enter")
    page.wait_for_url("**/heroes/new/")
    tab_to(page, "Name")
    page.keyboard.type(name)
    tab_to(page, "Secret name")
    page.keyboard.type("Nora Hidden")
    tab_to(page, "Team", "combobox")
    page.keyboard.type("Avengers")
    tab_to(page, "Save", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.get_by_role("main").get_by_role("link", name="Avengers")).to_have_count(1)
    tab_to(page, "Delete", "link")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Delete the hero")
    tab_to(page, "Delete", "button")
    page.keyboard.press("Space")
    expect(page.get_by_role("status").first).to_contain_text(f"Hero “{name}” was deleted.")
    tab_to(page, "Undo", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("1 record was undone.")


def test_an_editor_chooses_rows_by_keyboard_alone(visit, scripts):
    page = visit("editor", java_script_enabled=scripts)
    page.goto("/heroes/?search=man&limit=3")
    tab_to(page, f"Choose {page.locator('main tbody th a').nth(0).inner_text()}", "checkbox")
    page.keyboard.press("Space")
    tab_to(page, "Delete", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete 1 hero?")
    tab_to(page, "Cancel", "link")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/heroes/\?limit=3&search=man$"))


@pytest.fixture
def listed(visit) -> Page:
    page = visit("editor")
    page.goto("/heroes/")
    return page


def test_j_and_k_move_x_chooses_and_enter_opens(listed):
    links = listed.locator("main tbody th a")
    for key, place in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        listed.keyboard.press(key)
        expect(links.nth(place)).to_be_focused()
    listed.keyboard.press("x")
    expect(listed.get_by_role("checkbox", name=f"Choose {links.nth(1).inner_text()}")).to_be_checked()
    expect(listed.locator("#chosen")).to_have_text("1")
    name = links.nth(1).inner_text()
    listed.keyboard.press("Enter")
    expect(listed.get_by_role("heading", level=1)).to_have_text(name)
    listed.keyboard.press("e")
    expect(listed.get_by_role("heading", level=1)).to_have_text(f"Edit {name}")


def test_the_slash_searches_and_n_is_for_a_new_one_but_not_while_one_types(listed):
    listed.keyboard.press("/")
    expect(listed.get_by_role("main").get_by_label("Search")).to_be_focused()
    listed.keyboard.type("n?/j")
    expect(listed.get_by_role("main").get_by_label("Search")).to_have_value("n?/j")
    listed.goto("/heroes/")
    listed.keyboard.press("n")
    expect(listed).to_have_url(re.compile("/heroes/new/$"))


def test_the_keys_are_shown_and_can_be_switched_off(listed):
    listed.keyboard.press("?")
    dialog = listed.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    dialog.get_by_role("checkbox", name="Keys are on").uncheck()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    listed.keyboard.press("n")
    listed.reload()
    listed.keyboard.press("n")
    expect(listed).to_have_url(re.compile("/heroes/$"))
