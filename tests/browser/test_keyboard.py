"""Keyboard shortcuts."""

import re

import pytest
from playwright.sync_api import Page, expect


@pytest.fixture
def listed(visit) -> Page:
    page = visit("editor")
    page.goto("/heroes/")
    return page


def test_j_and_k_move_x_selects_and_enter_opens(listed):
    links = listed.locator("main tbody th a")
    for key, place in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        listed.keyboard.press(key)
        expect(links.nth(place)).to_be_focused()
    listed.keyboard.press("x")
    expect(listed.get_by_role("checkbox", name=f"Select {links.nth(1).inner_text()}")).to_be_checked()
    expect(listed.locator("#chosen")).to_have_text("1")
    name = links.nth(1).inner_text()
    listed.keyboard.press("Enter")
    expect(listed.get_by_role("heading", level=1)).to_have_text(name)
    listed.wait_for_load_state()
    listed.keyboard.press("e")
    expect(listed.get_by_role("heading", level=1)).to_have_text(f"Edit {name}")


def test_slash_searches_and_n_adds_a_record_but_not_while_one_types(listed):
    listed.keyboard.press("/")
    expect(listed.get_by_role("main").get_by_label("Search")).to_be_focused()
    listed.keyboard.type("n?/j")
    expect(listed.get_by_role("main").get_by_label("Search")).to_have_value("n?/j")
    listed.goto("/heroes/")
    listed.keyboard.press("n")
    expect(listed).to_have_url(re.compile("/heroes/new/$"))


def test_the_shortcuts_are_listed_and_can_be_switched_off(listed):
    listed.keyboard.press("?")
    dialog = listed.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    dialog.get_by_role("checkbox", name="Shortcuts on").uncheck()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    listed.keyboard.press("n")
    listed.reload()
    listed.keyboard.press("n")
    expect(listed).to_have_url(re.compile("/heroes/$"))


def test_the_space_bar_presses_a_column_like_a_button(listed):
    listed.get_by_text("Columns").click()
    listed.get_by_role("button", name="Version").press("Space")
    expect(listed.get_by_role("columnheader", name="Version")).to_have_count(1)
    expect(listed.get_by_role("button", name="Version")).to_be_focused()


def test_the_count_of_selected_rows_is_right_after_going_back(listed):
    listed.get_by_role("checkbox").nth(1).check()
    listed.get_by_role("checkbox").nth(2).check()
    listed.get_by_role("link", name="Teams", exact=True).click()
    listed.wait_for_url("**/teams/")
    listed.go_back()
    expect(listed).to_have_url(re.compile("/heroes/$"))
    listed.wait_for_load_state()
    chosen = listed.locator("[name=record]:checked").count()
    expect(listed.locator("#chosen")).to_have_text(str(chosen))
