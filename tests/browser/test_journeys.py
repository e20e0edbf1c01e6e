"""What people do at the pages, each with scripts and without: to the same end."""

import re
from itertools import count

import pytest
from playwright.sync_api import Page, expect

numbers = count(1)


@pytest.fixture
def new_name() -> str:
    """A name that no other test writes."""
    return f"Nightjar {next(numbers):03d}"


@pytest.fixture
def editor(visit, scripts) -> Page:
    return visit("editor", java_script_enabled=scripts)


def add_hero(page: Page, name: str, team: str = "") -> str:
    """Fill in the form of a new hero and save it. Returns its address."""
    page.goto("/heroes/new/")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Secret name").fill("Nora Hidden")
    if team:
        choose(page, "Team", team)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    return page.url


def choose(page: Page, label: str, option: str) -> None:
    """Choose in a select, which may have become a field to type in."""
    field = page.get_by_role("main").get_by_role("combobox", name=label, exact=True)
    if field.evaluate("element => element.tagName") == "SELECT":
        field.select_option(label=option)
    else:
        field.fill(option)
        page.get_by_role("option", name=option, exact=True).click()


def rows(page: Page) -> list[str]:
    return page.locator("main tbody th a").all_inner_texts()


def test_a_visitor_finds_a_hero(visit, scripts):
    page = visit(java_script_enabled=scripts)
    page.goto("/")
    page.get_by_role("searchbox", name="Search everything").fill("bat")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Batman").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Batman")
    page.get_by_role("link", name="Justice League").click()
    page.get_by_role("link", name="All of Justice League as a list").click()
    expect(page).to_have_url(re.compile(r"/heroes/\?team=\d+"))
    assert "Batman" in rows(page)
    assert len(rows(page)) < 20


def test_a_visitor_narrows_and_orders_a_list(visit, scripts):
    page = visit(java_script_enabled=scripts)
    page.goto("/heroes/")
    expect(page.locator("#tally")).to_contain_text("1 to")
    page.get_by_role("main").get_by_label("Search").fill("man")
    if not scripts:
        page.get_by_role("button", name="Show").click()
    expect(page.locator("#tally")).to_have_text("1 to 12 of 12")
    page.get_by_role("columnheader", name="Name").get_by_role("link").click()
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "descending")
    assert rows(page) == sorted(rows(page), reverse=True)
    assert len(rows(page)) == 12
    page.reload()
    expect(page.locator("#tally")).to_have_text("1 to 12 of 12")
    page.get_by_role("link", name="Clear").click()
    expect(page).to_have_url(re.compile(r"/heroes/$"))
    assert len(rows(page)) > 12


def test_a_visitor_turns_pages(visit, scripts):
    page = visit(java_script_enabled=scripts)
    page.goto("/heroes/?limit=25")
    first = rows(page)
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#tally")).to_contain_text("26 to 50 of")
    second = rows(page)
    assert not set(first) & set(second)
    page.go_back()
    expect(page.locator("#tally")).to_contain_text("1 to 25 of")
    assert rows(page) == first


def test_a_query_that_does_not_hold_is_explained(visit, scripts):
    page = visit(java_script_enabled=scripts)
    page.goto("/heroes/")
    page.get_by_label("Age from").fill("old")
    if not scripts:
        page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("alert")).to_contain_text("Age from: Enter a whole number, in digits only.")
    assert rows(page) == []
    page.get_by_label("Age from").fill("1")
    if not scripts:
        page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert rows(page)


def test_an_editor_adds_changes_and_deletes_a_hero_and_takes_that_back(editor, new_name):
    editor.goto("/heroes/new/")
    editor.get_by_label("Name", exact=True).fill(new_name)
    editor.get_by_label("Age").fill("ten")
    editor.get_by_role("button", name="Save").click()
    summary = editor.get_by_role("alert")
    expect(summary).to_contain_text("Secret name: This field is required.")
    expect(summary).to_contain_text("Age: Enter a whole number, in digits only.")
    expect(editor.get_by_label("Name", exact=True)).to_have_value(new_name)
    editor.get_by_label("Age").fill("10")
    editor.get_by_label("Secret name").fill("Nora Hidden")
    choose(editor, "Team", "Runaways")
    editor.get_by_role("button", name="Save").click()
    expect(editor.get_by_role("status").first).to_contain_text(f"Hero “{new_name}” was created.")
    expect(editor.get_by_role("definition").filter(has_text="Runaways")).to_have_count(1)

    editor.get_by_role("link", name="Edit", exact=True).click()
    editor.get_by_label("Age").fill("11")
    choose(editor, "Team", "no team")
    editor.get_by_role("button", name="Save").click()
    expect(editor.get_by_role("definition").filter(has_text="no team")).to_have_count(1)
    address = editor.url

    editor.get_by_role("link", name="Delete").click()
    editor.get_by_role("button", name="Delete").click()
    expect(editor.get_by_role("status").first).to_contain_text(f"Hero “{new_name}” was deleted.")
    editor.get_by_role("button", name="Undo").click()
    editor.goto(address)
    expect(editor.get_by_role("heading", level=1)).to_have_text(new_name)


def test_an_editor_moves_chosen_heroes_and_takes_that_back(editor, new_name):
    one, two = (add_hero(editor, f"{new_name} {letter}", "Runaways") for letter in "ab")
    editor.goto(f"/heroes/?search={new_name}")
    for letter in "ab":
        editor.get_by_role("checkbox", name=f"Choose {new_name} {letter}").check()
    bar = editor.locator("#selection")
    choose_in = bar.get_by_role("combobox", name="Team")
    if choose_in.evaluate("element => element.tagName") == "SELECT":
        choose_in.select_option(label="Avengers")
    else:
        choose_in.fill("Aveng")
        choose_in.press("Enter")
    bar.get_by_role("button", name="Change").click()
    expect(editor.get_by_role("heading", level=1)).to_have_text("Change 2 heroes?")
    expect(editor.get_by_role("row", name=re.compile(f"{new_name} a.*Runaways.*Avengers"))).to_have_count(1)
    editor.get_by_role("button", name="Change").click()
    expect(editor.get_by_role("status").first).to_contain_text("2 heroes were changed.")
    assert f"search={new_name.replace(' ', '+')}" in editor.url
    expect(editor.locator("main tbody").get_by_role("link", name="Avengers")).to_have_count(2)
    editor.get_by_role("button", name="Undo").click()
    for address in (one, two):
        editor.goto(address)
        expect(editor.get_by_role("link", name="Runaways")).to_have_count(1)


def test_an_editor_deletes_chosen_teams_and_is_told_what_else_that_changes(editor, new_name):
    editor.goto("/teams/new/")
    editor.get_by_label("Name", exact=True).fill(f"Team {new_name}")
    editor.get_by_label("Headquarters").fill("Harbour Road")
    editor.get_by_role("button", name="Save").click()
    hero = add_hero(editor, new_name, f"Team {new_name}")
    editor.goto("/teams/")
    editor.get_by_role("checkbox", name=f"Choose Team {new_name}").check()
    editor.get_by_role("button", name="Delete").click()
    expect(editor.get_by_text("1 hero will be left without a team.")).to_be_visible()
    editor.get_by_role("button", name="Delete").click()
    editor.get_by_role("button", name="Undo").click()
    editor.goto(hero)
    expect(editor.get_by_role("link", name=f"Team {new_name}")).to_have_count(1)


def test_choosing_nothing_is_explained(editor):
    editor.goto("/heroes/selected/?query=")
    expect(editor.get_by_role("alert")).to_contain_text("Choose at least one row.")


def test_an_editor_keeps_a_view_and_shares_it(editor, visit, scripts, new_name):
    editor.goto("/heroes/?team__isnull=true&ordering=-age")
    tally = editor.locator("#tally").inner_text()
    editor.locator("#views summary").click()
    editor.get_by_label("Keep this query as").fill(new_name)
    editor.get_by_role("button", name="Keep").click()
    expect(editor.get_by_role("status").first).to_contain_text(f"The view “{new_name}” is kept.")
    editor.goto("/heroes/")
    editor.locator("#views summary").click()
    editor.get_by_role("link", name="Share or drop views").click()
    link = editor.get_by_role("main").get_by_role("link", name=new_name, exact=True).get_attribute("href")
    guest = visit(java_script_enabled=scripts)
    guest.goto(link)
    expect(guest.locator("#tally")).to_have_text(tally)
    editor.get_by_role("button", name=f"Drop {new_name}").click()
    assert guest.goto(link).status == 404


def test_a_view_of_a_team_that_has_gone_says_so(editor, new_name):
    editor.goto("/teams/new/")
    editor.get_by_label("Name", exact=True).fill(f"Team {new_name}")
    editor.get_by_label("Headquarters").fill("Harbour Road")
    editor.get_by_role("button", name="Save").click()
    team = editor.url.rstrip("/").split("/")[-1]
    editor.goto(f"/heroes/?team={team}&ordering=-age")
    editor.locator("#views summary").click()
    editor.get_by_label("Keep this query as").fill(new_name)
    editor.get_by_role("button", name="Keep").click()
    editor.goto(f"/teams/{team}/delete/")
    editor.get_by_role("button", name="Delete").click()
    editor.goto("/heroes/")
    editor.locator("#views summary").click()
    editor.locator("#views").get_by_role("link", name=new_name).click()
    expect(editor.get_by_role("heading", level=1)).to_have_text(f"The view {new_name} no longer holds")
    expect(editor.get_by_role("alert")).to_contain_text("Team: There is no such record.")
    editor.get_by_role("link", name="Show the list without these parameters").click()
    expect(editor).to_have_url(re.compile(r"/heroes/\?ordering=-age$"))


def test_columns_are_chosen(editor):
    editor.goto("/heroes/")
    editor.get_by_text("Columns").click()
    editor.get_by_role("button", name="Version").click()
    expect(editor.get_by_role("columnheader", name="Version")).to_have_count(1)
    if not editor.get_by_role("button", name="Age").is_visible():
        editor.get_by_text("Columns").click()
    editor.get_by_role("button", name="Age").click()
    expect(editor.get_by_role("columnheader", name="Age")).to_have_count(0)
    expect(editor.get_by_role("columnheader", name="Version")).to_have_count(1)


def test_a_keeper_reveals_a_secret_name(visit, scripts):
    page = visit("keeper", java_script_enabled=scripts)
    page.goto("/heroes/?search=Batman")
    page.get_by_role("link", name="Batman").click()
    expect(page.get_by_text("Bruce Wayne")).to_have_count(0)
    page.get_by_role("button", name="Reveal secret name").click()
    expect(page.get_by_text("Bruce Wayne")).to_have_count(1)


def test_the_language_can_be_chosen_and_stays(visit, scripts):
    page = visit(java_script_enabled=scripts)
    page.goto("/heroes/?limit=10")
    page.get_by_role("link", name="Language").click()
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Helden")
    expect(page.locator("#tally")).to_contain_text("1 bis 10 von")
    page.goto("/teams/")
    expect(page.locator("html")).to_have_attribute("lang", "de")
