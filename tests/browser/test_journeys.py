"""Tasks from beginning to end: with a mouse, with a mouse and no scripts, and with the keyboard alone."""

import re
from itertools import count

import pytest
from playwright.sync_api import Locator, Page, expect

from .devices import DEVICES, Keyboard

numbers = count(1)


@pytest.fixture(params=DEVICES)
def device(request):
    return DEVICES[request.param]


class Person:
    """A person at a page.

    Before reading a page without waiting, expect something that only the new page contains.
    """

    def __init__(self, visit, username: str, device) -> None:
        device_class, self.scripts = device
        self.page: Page = visit(username, java_script_enabled=self.scripts)
        self.device = device_class(self.page)

    def go(self, address: str):
        return self.page.goto(address)

    def part(self, role: str, name: str, exact: bool = True) -> Locator:
        return self.page.get_by_role("main").get_by_role(role, name=name, exact=exact)

    def field(self, label: str) -> Locator:
        return self.page.get_by_role("main").get_by_label(label, exact=True)

    def follow(self, name: str) -> None:
        self.device.press(self.part("link", name))

    def press(self, name: str) -> None:
        self.device.press(self.part("button", name))

    def unfold(self, name: str) -> None:
        self.device.press(self.page.locator("summary").filter(has_text=name))

    def fill(self, label: str, text: str) -> None:
        self.device.fill(self.field(label), text)

    def choose(self, label: str, option: str, within: str = "main") -> None:
        field = self.page.locator(within).get_by_role("combobox", name=label, exact=True)
        self.device.choose(field, option)

    def sees(self, text: str) -> None:
        expect(self.page.get_by_role("main")).to_contain_text(text)

    def reads(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)

    def tally(self) -> Locator:
        return self.page.locator("#tally")

    def rows(self) -> list[str]:
        """The names in the list, once it has arrived completely."""
        self.page.wait_for_load_state()
        return self.page.locator("main tbody th a").all_inner_texts()

    def show(self) -> None:
        """Apply the filters, which happens by itself if scripts run."""
        if not self.scripts:
            self.press("Apply")

    def add_team(self, name: str) -> str:
        self.go("/teams/new/")
        self.fill("Name", name)
        self.fill("Headquarters", "Harbour Road")
        self.press("Save")
        self.reads(name)
        return self.page.url

    def add_hero(self, name: str, team: str = "") -> str:
        self.go("/heroes/new/")
        self.fill("Name", name)
        self.fill("Secret name", "Nora Hidden")
        if team:
            self.choose("Team", team)
        self.press("Save")
        self.reads(name)
        return self.page.url


@pytest.fixture
def new_name() -> str:
    """A name that no other test writes."""
    return f"Nightjar {next(numbers):03d}"


@pytest.fixture
def visitor(visit, device) -> Person:
    return Person(visit, "visitor", device)


@pytest.fixture
def editor(visit, device) -> Person:
    return Person(visit, "editor", device)


def test_a_visitor_finds_a_hero(visitor):
    visitor.go("/")
    visitor.device.fill(visitor.page.get_by_role("searchbox", name="Search everything"), "bat")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page).to_have_url(re.compile(r"/search/\?search=bat$"))
    visitor.follow("Batman")
    visitor.reads("Batman")
    visitor.follow("Justice League")
    visitor.follow("Show the heroes of Justice League as a list")
    expect(visitor.page).to_have_url(re.compile(r"/heroes/\?team=\d+"))
    assert "Batman" in visitor.rows()
    assert len(visitor.rows()) < 20


def test_a_bar_on_the_home_page_leads_to_the_heroes_it_counts(visitor):
    visitor.go("/")
    bar = visitor.page.get_by_role("row", name=re.compile("^Avengers"))
    counted = bar.get_by_role("cell").last.inner_text()
    visitor.follow("Avengers")
    expect(visitor.tally()).to_contain_text(f"of {counted}")


def test_a_visitor_filters_and_sorts_a_list(visitor):
    visitor.go("/heroes/")
    visitor.fill("Search", "man")
    visitor.show()
    expect(visitor.tally()).to_have_text("1–12 of 12")
    head = visitor.page.get_by_role("columnheader", name="Name")
    visitor.device.press(head.get_by_role("link"))
    expect(head).to_have_attribute("aria-sort", "descending")
    assert visitor.rows() == sorted(visitor.rows(), reverse=True)
    assert len(visitor.rows()) == 12
    visitor.page.reload()
    expect(visitor.tally()).to_have_text("1–12 of 12")
    visitor.follow("Clear")
    expect(visitor.page).to_have_url(re.compile(r"/heroes/$"))
    assert len(visitor.rows()) > 12


def test_a_visitor_pages_through_a_list(visitor):
    visitor.go("/heroes/?limit=25")
    first = visitor.rows()
    visitor.follow("Next")
    expect(visitor.tally()).to_contain_text("26–50 of")
    assert not set(first) & set(visitor.rows())
    visitor.page.go_back()
    expect(visitor.tally()).to_contain_text("1–25 of")
    assert visitor.rows() == first


def test_an_invalid_filter_is_explained(visitor):
    visitor.go("/heroes/")
    visitor.fill("Min. age", "old")
    visitor.show()
    alert = visitor.page.get_by_role("alert")
    expect(alert).to_contain_text("Min. age: Enter a whole number, such as 41.")
    assert visitor.rows() == []
    visitor.fill("Min. age", "1")
    visitor.show()
    expect(alert).to_have_count(0)
    assert visitor.rows()


def test_an_editor_adds_changes_and_deletes_a_hero_and_undoes_the_deletion(editor, new_name):
    editor.go("/heroes/")
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
    editor.choose("Team", "Runaways")
    editor.press("Save")
    editor.sees(f"Hero “{new_name}” created.")
    expect(editor.part("link", "Runaways")).to_have_count(1)

    editor.follow("Edit")
    editor.fill("Age", "11")
    editor.choose("Team", "no team")
    editor.press("Save")
    editor.reads(new_name)
    editor.sees("no team")
    address = editor.page.url

    editor.follow("Delete")
    editor.reads(f"Delete the hero {new_name}?")
    editor.press("Delete")
    editor.sees(f"Hero “{new_name}” deleted.")
    editor.press("Undo")
    editor.sees("Undone: 1 hero restored.")
    editor.go(address)
    editor.reads(new_name)


def test_an_editor_reverts_a_hero(editor, new_name):
    address = editor.add_hero(new_name, "Runaways")
    editor.follow("Edit")
    editor.choose("Team", "Avengers")
    editor.press("Save")
    editor.sees(f"Hero “{new_name}” saved.")
    editor.unfold("History")
    if not editor.scripts:
        editor.follow("Full history")
    editor.follow("Revert to this version")
    editor.press("Revert")
    editor.sees(f"“{new_name}” reverted to version 1.")
    assert editor.page.url == address
    expect(editor.part("link", "Runaways")).to_have_count(1)


def test_an_editor_moves_selected_heroes_and_undoes_that(editor, new_name):
    addresses = [editor.add_hero(f"{new_name} {letter}", "Runaways") for letter in "ab"]
    editor.go(f"/heroes/?search={new_name}")
    for letter in "ab":
        editor.device.check(editor.part("checkbox", f"Select {new_name} {letter}"))
    editor.choose("Move to team", "Avengers", within="#selection")
    editor.press("Move")
    editor.reads("Move 2 heroes?")
    preview = editor.page.get_by_role("row", name=re.compile(f"{new_name} a.*Runaways.*Avengers"))
    expect(preview).to_have_count(1)
    editor.press("Move")
    editor.sees("2 heroes moved.")
    assert f"search={new_name.replace(' ', '+')}" in editor.page.url
    expect(editor.part("link", "Avengers")).to_have_count(2)
    editor.press("Undo")
    editor.sees("Undone: 2 heroes changed back.")
    for address in addresses:
        editor.go(address)
        expect(editor.part("link", "Runaways")).to_have_count(1)


def test_an_editor_deletes_a_selected_team_and_sees_what_else_changes(editor, new_name):
    editor.add_team(f"Team {new_name}")
    hero = editor.add_hero(new_name, f"Team {new_name}")
    editor.go(f"/teams/?search={new_name}")
    editor.device.check(editor.part("checkbox", f"Select Team {new_name}"))
    editor.press("Delete")
    editor.sees("1 hero will be left without a team.")
    editor.press("Delete")
    editor.sees("1 team deleted.")
    editor.press("Undo")
    editor.sees("Undone: 1 team restored, 1 hero changed back.")
    editor.go(hero)
    expect(editor.part("link", f"Team {new_name}")).to_have_count(1)


def test_an_empty_selection_is_explained(editor):
    editor.go("/heroes/selected/?query=")
    expect(editor.page.get_by_role("alert")).to_contain_text("Select at least one row.")


def test_an_editor_saves_shares_and_deletes_a_view(editor, visit, new_name):
    editor.go("/heroes/?team__isnull=true&ordering=-age")
    tally = editor.tally().inner_text()
    editor.unfold("Saved views")
    editor.fill("Save this view as", new_name)
    editor.press("Save view")
    editor.sees(f"View “{new_name}” saved.")
    editor.go("/heroes/")
    editor.unfold("Saved views")
    editor.follow("Manage views")
    expect(editor.page).to_have_url(re.compile(r"/heroes/views/$"))
    link = editor.part("link", new_name).get_attribute("href")
    guest = visit(java_script_enabled=editor.scripts)
    guest.goto(link)
    expect(guest.locator("#tally")).to_have_text(tally)
    editor.press(f"Delete {new_name}")
    editor.sees(f"View “{new_name}” deleted.")
    assert guest.goto(link).status == 404


def test_a_view_of_a_deleted_team_opens_an_empty_list(editor, new_name):
    team = editor.add_team(f"Team {new_name}").rstrip("/").split("/")[-1]
    editor.go(f"/heroes/?team={team}&ordering=-age")
    editor.unfold("Saved views")
    editor.fill("Save this view as", new_name)
    editor.press("Save view")
    editor.sees(f"View “{new_name}” saved.")
    editor.go(f"/teams/{team}/delete/")
    editor.press("Delete")
    expect(editor.page).to_have_url(re.compile(r"/teams/$"))
    editor.go("/heroes/")
    editor.unfold("Saved views")
    editor.follow(new_name)
    expect(editor.page).to_have_url(re.compile(rf"/heroes/\?ordering=-age&team={team}$"))
    editor.sees("No heroes match these filters.")


def test_columns_are_shown_and_hidden(editor):
    editor.go("/heroes/?limit=3")
    editor.unfold("Columns")
    editor.press("Version")
    expect(editor.page.get_by_role("columnheader", name="Version")).to_have_count(1)
    if not editor.scripts:
        editor.unfold("Columns")
    editor.press("Age")
    expect(editor.page.get_by_role("columnheader", name="Age", exact=True)).to_have_count(0)
    expect(editor.page.get_by_role("columnheader", name="Version")).to_have_count(1)


def test_two_people_edit_a_hero_at_the_same_time_and_lose_nothing(editor, visit, new_name):
    address = editor.add_hero(new_name)
    editor.follow("Edit")
    other = visit("keeper")
    other.goto(f"{address}edit/")
    other.get_by_label("Age").fill("7")
    other.get_by_role("button", name="Save").click()
    other.wait_for_url(address)
    editor.choose("Team", "Avengers")
    editor.press("Save")
    editor.sees("Someone else changed this hero while you were editing.")
    editor.press("Save")
    editor.sees(f"Hero “{new_name}” saved.")
    expect(editor.part("link", "Avengers")).to_have_count(1)
    expect(editor.page.get_by_role("definition").filter(has_text=re.compile("^7$"))).to_have_count(1)


def test_a_keeper_views_a_secret_name(visit, device):
    keeper = Person(visit, "keeper", device)
    keeper.go("/heroes/?search=Batman")
    keeper.follow("Batman")
    expect(keeper.page.get_by_text("Bruce Wayne")).to_have_count(0)
    keeper.press("Show secret name")
    expect(keeper.page.get_by_text("Bruce Wayne")).to_have_count(1)


def test_a_selected_language_stays(visitor):
    visitor.go("/heroes/?limit=10")
    visitor.device.press(visitor.page.get_by_role("link", name="Language"))
    visitor.press("Deutsch")
    visitor.reads("Helden")
    expect(visitor.tally()).to_contain_text("1–10 von")
    visitor.go("/teams/")
    expect(visitor.page.locator("html")).to_have_attribute("lang", "de")


def test_somebody_signs_in_and_out(visit, device):
    somebody = Person(visit, "visitor", device)
    somebody.go("/account/login/?next=/heroes/")
    somebody.fill("Username", "editor")
    somebody.fill("Password", "wrong")
    somebody.press("Sign in")
    expect(somebody.page.get_by_role("alert")).to_contain_text("don't match")
    somebody.fill("Password", "correct horse battery staple")
    somebody.press("Sign in")
    somebody.reads("Heroes")
    somebody.device.press(somebody.page.locator("nav.account summary"))
    somebody.device.press(somebody.page.get_by_role("link", name="Sign out"))
    somebody.press("Sign out")
    expect(somebody.page.get_by_role("link", name="Sign in")).to_have_count(1)


def test_the_first_tab_skips_to_the_content(visitor):
    visitor.go("/heroes/")
    visitor.page.keyboard.press("Tab")
    expect(visitor.page.get_by_role("link", name="Skip to content")).to_be_focused()
    visitor.page.keyboard.press("Enter")
    expect(visitor.page).to_have_url(re.compile("#content$"))
    Keyboard(visitor.page).go_to(visitor.field("Search"))
