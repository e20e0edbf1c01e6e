"""Whole tasks: with a mouse, with a mouse and no scripts, and with the keyboard only."""

import re
from itertools import count

import pytest
from playwright.sync_api import Locator, Page, expect

from .devices import DEVICES, Keyboard

numbers = count(1)


@pytest.fixture(params=DEVICES)
def device(request):
    return DEVICES[request.param]


class User:
    """A user with a browser and a device.

    Before reading a page without waiting, expect something that only the new page contains.
    """

    def __init__(self, visit, username: str, device) -> None:
        device_class, self.scripts = device
        self.page: Page = visit(username, java_script_enabled=self.scripts)
        self.device = device_class(self.page)

    def open(self, address: str):
        return self.page.goto(address)

    def element(self, role: str, name: str, exact: bool = True) -> Locator:
        return self.page.get_by_role("main").get_by_role(role, name=name, exact=exact)

    def field(self, label: str) -> Locator:
        return self.page.get_by_role("main").get_by_label(label, exact=True)

    def follow(self, name: str) -> None:
        self.device.press(self.element("link", name))

    def press(self, name: str) -> None:
        self.device.press(self.element("button", name))

    def expand(self, name: str) -> None:
        self.device.press(self.page.locator("summary").filter(has_text=name))

    def fill(self, label: str, text: str) -> None:
        self.device.fill(self.field(label), text)

    def select(self, label: str, option: str, within: str = "main") -> None:
        field = self.page.locator(within).get_by_role("combobox", name=label, exact=True)
        self.device.select(field, option)

    def expect_text(self, text: str) -> None:
        expect(self.page.get_by_role("main")).to_contain_text(text)

    def expect_heading(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)

    def tally(self) -> Locator:
        return self.page.locator("#tally")

    def rows(self) -> list[str]:
        """Return the names in the list, once the page has loaded."""
        self.page.wait_for_load_state()
        return self.page.locator("main tbody th a").all_inner_texts()

    def apply_filters(self) -> None:
        """Press Apply, which is needed only without scripts."""
        if not self.scripts:
            self.press("Apply")

    def add_team(self, name: str) -> str:
        self.open("/teams/new/")
        self.fill("Name", name)
        self.fill("Headquarters", "Harbour Road")
        self.press("Save")
        self.expect_heading(name)
        return self.page.url

    def add_hero(self, name: str, team: str = "") -> str:
        self.open("/heroes/new/")
        self.fill("Name", name)
        self.fill("Secret name", "Nora Hidden")
        if team:
            self.select("Team", team)
        self.press("Save")
        self.expect_heading(name)
        return self.page.url


@pytest.fixture
def new_name() -> str:
    """A name that no other test uses."""
    return f"Nightjar {next(numbers):03d}"


@pytest.fixture
def visitor(visit, device) -> User:
    return User(visit, "visitor", device)


@pytest.fixture
def editor(visit, device) -> User:
    return User(visit, "editor", device)


def test_a_visitor_finds_a_hero(visitor):
    visitor.open("/")
    visitor.device.fill(visitor.page.get_by_role("searchbox", name="Search everything"), "bat")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page).to_have_url(re.compile(r"/search/\?search=bat$"))
    visitor.follow("Batman")
    visitor.expect_heading("Batman")
    visitor.follow("Justice League")
    visitor.follow("Show the heroes of Justice League as a list")
    expect(visitor.page).to_have_url(re.compile(r"/heroes/\?team=\d+"))
    assert "Batman" in visitor.rows()
    assert len(visitor.rows()) < 20


def test_a_bar_on_the_home_page_links_to_the_heroes_it_counts(visitor):
    visitor.open("/")
    bar = visitor.page.get_by_role("row", name=re.compile("^Avengers"))
    count_shown = bar.get_by_role("cell").last.inner_text()
    visitor.follow("Avengers")
    expect(visitor.tally()).to_contain_text(f"of {count_shown}")


def test_a_visitor_filters_and_sorts_a_list(visitor):
    visitor.open("/heroes/")
    visitor.fill("Search", "man")
    visitor.apply_filters()
    expect(visitor.tally()).to_have_text("1–12 of 12")
    header = visitor.page.get_by_role("columnheader", name="Name")
    visitor.device.press(header.get_by_role("link"))
    expect(header).to_have_attribute("aria-sort", "descending")
    assert visitor.rows() == sorted(visitor.rows(), reverse=True)
    assert len(visitor.rows()) == 12
    visitor.page.reload()
    expect(visitor.tally()).to_have_text("1–12 of 12")
    visitor.follow("Clear")
    expect(visitor.page).to_have_url(re.compile(r"/heroes/$"))
    assert len(visitor.rows()) > 12


def test_a_visitor_pages_through_a_list(visitor):
    visitor.open("/heroes/?limit=25")
    first = visitor.rows()
    visitor.follow("Next")
    expect(visitor.tally()).to_contain_text("26–50 of")
    assert not set(first) & set(visitor.rows())
    visitor.page.go_back()
    expect(visitor.tally()).to_contain_text("1–25 of")
    assert visitor.rows() == first


def test_an_invalid_filter_shows_an_error(visitor):
    visitor.open("/heroes/")
    visitor.fill("Min. age", "old")
    visitor.apply_filters()
    alert = visitor.page.get_by_role("alert")
    expect(alert).to_contain_text("Min. age: Enter a whole number, such as 41.")
    assert visitor.rows() == []
    visitor.fill("Min. age", "1")
    visitor.apply_filters()
    expect(alert).to_have_count(0)
    assert visitor.rows()


def test_an_editor_adds_changes_and_deletes_a_hero_and_undoes_the_deletion(editor, new_name):
    editor.open("/heroes/")
    editor.follow("New hero")
    editor.fill("Name", new_name)
    editor.fill("Age", "ten")
    editor.press("Save")
    summary = editor.page.get_by_role("alert")
    expect(summary).to_contain_text("Secret name: This field is required.")
    expect(summary).to_contain_text("Age: Enter a whole number, such as 41.")
    expect(editor.field("Name")).to_have_value(new_name)
    editor.fill("Secret name", "Nora Hidden")
    editor.fill("Age", "10")
    editor.select("Team", "Runaways")
    editor.press("Save")
    editor.expect_text(f"Hero “{new_name}” created.")
    expect(editor.element("link", "Runaways")).to_have_count(1)

    editor.follow("Edit")
    editor.fill("Age", "11")
    editor.select("Team", "no team")
    editor.press("Save")
    editor.expect_heading(new_name)
    editor.expect_text("no team")
    address = editor.page.url

    editor.follow("Delete")
    editor.expect_heading(f"Delete the hero {new_name}?")
    editor.press("Delete")
    editor.expect_text(f"Hero “{new_name}” deleted.")
    editor.press("Undo")
    editor.expect_text("Undone: 1 hero restored.")
    editor.open(address)
    editor.expect_heading(new_name)


def test_an_editor_reverts_a_hero(editor, new_name):
    address = editor.add_hero(new_name, "Runaways")
    editor.follow("Edit")
    editor.select("Team", "Avengers")
    editor.press("Save")
    editor.expect_text(f"Hero “{new_name}” saved.")
    editor.expand("History")
    if not editor.scripts:
        editor.follow("Full history")
    editor.follow("Revert to this version")
    editor.press("Revert")
    editor.expect_text(f"“{new_name}” reverted to version 1.")
    assert editor.page.url == address
    expect(editor.element("link", "Runaways")).to_have_count(1)


def test_an_editor_moves_selected_heroes_and_undoes_the_move(editor, new_name):
    addresses = [editor.add_hero(f"{new_name} {letter}", "Runaways") for letter in "ab"]
    editor.open(f"/heroes/?search={new_name}")
    for letter in "ab":
        editor.device.check(editor.element("checkbox", f"Select {new_name} {letter}"))
    editor.select("Move to team", "Avengers", within="#selection")
    editor.press("Move")
    editor.expect_heading("Move 2 heroes?")
    preview = editor.page.get_by_role("row", name=re.compile(f"{new_name} a.*Runaways.*Avengers"))
    expect(preview).to_have_count(1)
    editor.press("Move")
    editor.expect_text("2 heroes moved.")
    assert f"search={new_name.replace(' ', '+')}" in editor.page.url
    expect(editor.element("link", "Avengers")).to_have_count(2)
    editor.press("Undo")
    editor.expect_text("Undone: 2 heroes changed back.")
    for address in addresses:
        editor.open(address)
        expect(editor.element("link", "Runaways")).to_have_count(1)


def test_an_editor_deletes_a_selected_team_and_sees_what_else_changes(editor, new_name):
    editor.add_team(f"Team {new_name}")
    hero = editor.add_hero(new_name, f"Team {new_name}")
    editor.open(f"/teams/?search={new_name}")
    editor.device.check(editor.element("checkbox", f"Select Team {new_name}"))
    editor.press("Delete")
    editor.expect_text("1 hero will be left without a team.")
    editor.press("Delete")
    editor.expect_text("1 team deleted.")
    editor.press("Undo")
    editor.expect_text("Undone: 1 team restored, 1 hero changed back.")
    editor.open(hero)
    expect(editor.element("link", f"Team {new_name}")).to_have_count(1)


def test_an_empty_selection_shows_an_error(editor):
    editor.open("/heroes/selected/?query=")
    expect(editor.page.get_by_role("alert")).to_contain_text("Select at least one row.")


def test_an_editor_saves_shares_and_deletes_a_view(editor, visit, new_name):
    editor.open("/heroes/?team=null&ordering=-age")
    tally = editor.tally().inner_text()
    editor.expand("Saved views")
    editor.fill("Save this view as", new_name)
    editor.press("Save view")
    editor.expect_text(f"View “{new_name}” saved.")
    editor.open("/heroes/")
    editor.expand("Saved views")
    editor.follow("Manage views")
    expect(editor.page).to_have_url(re.compile(r"/heroes/views/$"))
    link = editor.element("link", new_name).get_attribute("href")
    guest = visit(java_script_enabled=editor.scripts)
    guest.goto(link)
    expect(guest.locator("#tally")).to_have_text(tally)
    editor.press(f"Delete {new_name}")
    editor.expect_text(f"View “{new_name}” deleted.")
    assert guest.goto(link).status == 404


def test_a_view_that_filters_by_a_deleted_team_opens_an_empty_list(editor, new_name):
    team = editor.add_team(f"Team {new_name}").rstrip("/").split("/")[-1]
    editor.open(f"/heroes/?team={team}&ordering=-age")
    editor.expand("Saved views")
    editor.fill("Save this view as", new_name)
    editor.press("Save view")
    editor.expect_text(f"View “{new_name}” saved.")
    editor.open(f"/teams/{team}/delete/")
    editor.press("Delete")
    expect(editor.page).to_have_url(re.compile(r"/teams/$"))
    editor.open("/heroes/")
    editor.expand("Saved views")
    editor.follow(new_name)
    expect(editor.page).to_have_url(re.compile(rf"/heroes/\?ordering=-age&team={team}$"))
    editor.expect_text("No heroes match these filters.")


def test_columns_are_shown_and_hidden(editor):
    editor.open("/heroes/?limit=3")
    editor.expand("Columns")
    editor.press("Version")
    expect(editor.page.get_by_role("columnheader", name="Version")).to_have_count(1)
    if not editor.scripts:
        editor.expand("Columns")
    editor.press("Age")
    expect(editor.page.get_by_role("columnheader", name="Age", exact=True)).to_have_count(0)
    expect(editor.page.get_by_role("columnheader", name="Version")).to_have_count(1)


def test_two_concurrent_edits_of_a_hero_are_merged(editor, visit, new_name):
    address = editor.add_hero(new_name)
    editor.follow("Edit")
    other = visit("keeper")
    other.goto(f"{address}edit/")
    other.get_by_label("Age").fill("7")
    other.get_by_role("button", name="Save").click()
    other.wait_for_url(address)
    editor.select("Team", "Avengers")
    editor.press("Save")
    editor.expect_text("Someone else changed this hero while you were editing.")
    editor.press("Save")
    editor.expect_text(f"Hero “{new_name}” saved.")
    expect(editor.element("link", "Avengers")).to_have_count(1)
    expect(editor.page.get_by_role("definition").filter(has_text=re.compile("^7$"))).to_have_count(1)


def test_a_keeper_views_a_secret_name(visit, device):
    keeper = User(visit, "keeper", device)
    keeper.open("/heroes/?search=Batman")
    keeper.follow("Batman")
    expect(keeper.page.get_by_text("Bruce Wayne")).to_have_count(0)
    keeper.press("Show secret name")
    expect(keeper.page.get_by_text("Bruce Wayne")).to_have_count(1)


def test_a_selected_language_applies_to_the_next_pages(visitor):
    visitor.open("/heroes/?limit=10")
    visitor.device.press(visitor.page.get_by_role("link", name="Language"))
    visitor.press("Deutsch")
    visitor.expect_heading("Helden")
    expect(visitor.tally()).to_contain_text("1–10 von")
    visitor.open("/teams/")
    expect(visitor.page.locator("html")).to_have_attribute("lang", "de")


def test_a_user_signs_in_and_out(visit, device):
    user = User(visit, "visitor", device)
    user.open("/account/login/?next=/heroes/")
    user.fill("Username", "editor")
    user.fill("Password", "wrong")
    user.press("Sign in")
    expect(user.page.get_by_role("alert")).to_contain_text("don't match")
    user.fill("Password", "correct horse battery staple")
    user.press("Sign in")
    user.expect_heading("Heroes")
    user.device.press(user.page.locator("nav.account summary"))
    user.device.press(user.page.get_by_role("link", name="Sign out"))
    user.press("Sign out")
    expect(user.page.get_by_role("link", name="Sign in")).to_have_count(1)


def test_the_first_link_skips_to_the_content(visitor):
    visitor.open("/heroes/")
    visitor.page.keyboard.press("Tab")
    expect(visitor.page.get_by_role("link", name="Skip to content")).to_be_focused()
    visitor.page.keyboard.press("Enter")
    expect(visitor.page).to_have_url(re.compile("#content$"))
    Keyboard(visitor.page).go_to(visitor.field("Search"))
