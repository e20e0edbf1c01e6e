"""Keyboard shortcuts."""

import re

import pytest
from playwright.sync_api import Page, expect


@pytest.fixture
def page(visit) -> Page:
    """The list of heroes, opened by an editor."""
    page = visit("editor")
    page.goto("/heroes/")
    return page


def test_j_and_k_move_x_selects_and_enter_opens(page):
    links = page.locator("main tbody th a")
    for key, index in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        expect(links.nth(index)).to_be_focused()
    page.keyboard.press("x")
    expect(page.get_by_role("checkbox", name=f"Select {links.nth(1).inner_text()}")).to_be_checked()
    expect(page.locator("#selected-count")).to_have_text("1")
    name = links.nth(1).inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.wait_for_load_state()
    page.keyboard.press("e")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Edit {name}")


def test_slash_searches_and_n_adds_a_record_but_not_while_typing(page):
    page.keyboard.press("/")
    expect(page.get_by_role("main").get_by_label("Search")).to_be_focused()
    page.keyboard.type("n?/j")
    expect(page.get_by_role("main").get_by_label("Search")).to_have_value("n?/j")
    page.goto("/heroes/")
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile("/heroes/new/$"))


def test_the_shortcuts_are_listed_and_can_be_switched_off(page):
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    dialog.get_by_role("checkbox", name="Shortcuts on").uncheck()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    page.keyboard.press("n")
    page.reload()
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile("/heroes/$"))


def test_the_space_bar_presses_a_column_like_a_button(page):
    page.get_by_text("Columns").click()
    page.get_by_role("button", name="Version").press("Space")
    expect(page.get_by_role("columnheader", name="Version")).to_have_count(1)
    expect(page.get_by_role("button", name="Version")).to_be_focused()


def test_the_count_of_selected_rows_is_right_after_going_back(page):
    page.get_by_role("checkbox").nth(1).check()
    page.get_by_role("checkbox").nth(2).check()
    page.get_by_role("link", name="Teams", exact=True).click()
    page.wait_for_url("**/teams/")
    page.go_back()
    expect(page).to_have_url(re.compile("/heroes/$"))
    page.wait_for_load_state()
    count = page.locator("[name=record]:checked").count()
    expect(page.locator("#selected-count")).to_have_text(str(count))
