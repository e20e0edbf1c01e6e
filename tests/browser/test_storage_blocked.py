"""Scripts work with the browser's storage blocked; preferences then apply until the page is left."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserType, Page, expect

from .conftest import Watch

BLOCKED = {"profile": {"default_content_setting_values": {"cookies": 2}}}
"""Chromium's setting to block all cookies, which blocks all storage as well."""
BLOCK_STORAGE = """
for (const name of ["localStorage", "sessionStorage"]) {
  Object.defineProperty(window, name, {
    get() { throw new DOMException("Access is denied for this document.", "SecurityError"); },
  });
}
"""


@pytest.fixture
def visitor(browser_type: BrowserType, browser_type_launch_args, site: str, tmp_path: Path) -> Iterator[Page]:
    """A page in a browser that is set to block cookies and storage."""
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(BLOCKED))
    context = browser_type.launch_persistent_context(
        tmp_path, **browser_type_launch_args, base_url=site, locale="en-GB", color_scheme="light"
    )
    watch = Watch(context, site, ())
    page = context.pages[0]
    page.goto("/heroes/")
    with pytest.raises(Exception, match="Access is denied"):
        page.evaluate("localStorage.length")
    yield page
    context.close()
    assert watch.problems == []


@pytest.fixture
def editor(visit) -> Page:
    """A page of an editor, whose cookies are accepted and whose storage is blocked."""
    page = visit("editor")
    page.add_init_script(BLOCK_STORAGE)
    return page


def test_a_theme_applies_to_the_page(visitor):
    theme = visitor.get_by_role("contentinfo").get_by_role("combobox")
    expect(theme).to_have_value("auto")
    theme.select_option("dark")
    expect(theme).to_have_value("dark")
    expect(visitor.locator("html")).to_have_css("color-scheme", "dark")


def test_keyboard_shortcuts_work_and_can_be_switched_off(visitor):
    visitor.keyboard.press("j")
    expect(visitor.locator("main tbody th a").first).to_be_focused()
    visitor.keyboard.press("?")
    dialog = visitor.get_by_role("dialog")
    dialog.get_by_role("checkbox").uncheck()
    dialog.get_by_role("button").click()
    expect(dialog).to_be_hidden()
    visitor.keyboard.press("?")
    expect(dialog).to_be_hidden()


def test_a_list_is_filtered_and_sorted_and_the_back_button_restores_it(visitor):
    visitor.get_by_role("main").get_by_label("Search").fill("man")
    expect(visitor.locator("#tally")).to_contain_text("of 12")
    visitor.get_by_role("columnheader", name="Age").get_by_role("link").click()
    expect(visitor.get_by_role("columnheader", name="Age")).to_have_attribute("aria-sort", "ascending")
    visitor.go_back()
    expect(visitor).to_have_url(re.compile(r"\?search=man$"))
    expect(visitor.get_by_role("columnheader", name="Age")).not_to_have_attribute("aria-sort", "ascending")
    expect(visitor.locator("#tally")).to_contain_text("of 12")


def test_a_link_is_copied(visitor):
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = visitor.locator("button[data-copy]").first
    visitor.locator("details").filter(has=button).locator("summary").click()
    address = button.get_attribute("data-copy")
    button.click()
    expect(button).to_have_text(button.get_attribute("data-done"))
    assert visitor.evaluate("navigator.clipboard.readText()") == address


def test_selected_rows_are_counted(editor):
    editor.goto("/heroes/")
    for index in (1, 2):
        editor.locator("[name=record]").nth(index).check()
    expect(editor.locator("#selected-count")).to_have_text("2")
    editor.locator("#select-all").check()
    expect(editor.locator("#selected-count")).to_have_text(str(editor.locator("[name=record]").count()))


def test_a_form_checks_its_fields_and_warns_before_changes_are_lost(editor):
    editor.goto("/heroes/new/")
    age = editor.get_by_label("Age")
    age.press_sequentially("old")
    age.press("Tab")
    expect(age).to_have_attribute("aria-invalid", "true")
    team = editor.get_by_role("combobox", name="Team")
    team.fill("Aveng")
    team.press("Tab")
    expect(team).to_have_value("Avengers")
    with editor.expect_event("dialog", lambda dialog: dialog.type == "beforeunload"):
        editor.once("dialog", lambda dialog: dialog.accept())
        editor.get_by_role("link", name="Teams", exact=True).click()
    expect(editor).to_have_url(re.compile("/teams/$"))
