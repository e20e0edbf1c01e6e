"""If there are many teams, the combobox of a filter, form or bulk action asks the server for matches."""

import pytest
from playwright.sync_api import expect

from tests.processes.processes import manage

from .devices import Keyboard

MANY = """
from teams.models import Team
if not Team.objects.filter(name="Guild 000").exists():
    names = [f"Guild {number:03}" for number in range(60)] + ["Watchers of the North", "The Night's Watch"]
    for name in names:
        Team(name=name, headquarters="Harbour Road").save()
"""
FEW = """
from teams.models import Team
Team.objects.filter(headquarters="Harbour Road").delete()
"""


def run(folder, code):
    ran = manage(folder, "shell", "--no-imports", "-c", code)
    assert ran.returncode == 0, ran.stderr


@pytest.fixture(scope="module", autouse=True)
def many_teams(site, folder):
    """Add many teams, and delete them afterwards, since other tests expect the sample roster."""
    run(folder, MANY)
    yield
    run(folder, FEW)


def test_the_form_searches_while_typing_and_announces_the_number_of_matches(visit):
    page = visit("editor")
    page.goto("/heroes/new/")
    assert page.locator("#id_team-value option").count() == 1
    team = page.get_by_role("combobox", name="Team")
    team.fill("watch")
    options = page.get_by_role("main").get_by_role("option")
    expect(options).to_have_text(["Watchers of the North", "The Night's Watch"])
    expect(page.get_by_role("status").filter(has_text="Matches: 2")).to_have_count(1)
    team.press("ArrowDown")
    team.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    team.press("Enter")
    expect(team).to_have_value("The Night's Watch")
    expect(team).to_have_attribute("aria-expanded", "false")
    page.get_by_label("Name", exact=True).fill("Nightjar of the Watch")
    page.get_by_label("Secret name").fill("Nobody")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main")).to_contain_text("The Night's Watch")


def test_more_matches_than_are_listed_are_announced(visit):
    page = visit("editor")
    page.goto("/heroes/new/")
    page.get_by_role("combobox", name="Team").fill("guild")
    expect(page.get_by_role("main").get_by_role("option")).to_have_count(20)
    expect(page.get_by_role("status").filter(has_text="More than 20 matches.")).to_have_count(1)


def test_a_name_typed_without_waiting_for_the_search_is_not_lost(visit):
    page = visit("editor")
    page.goto("/heroes/new/")
    page.get_by_label("Name", exact=True).fill("Hasty")
    page.get_by_label("Secret name").fill("Nobody")
    page.get_by_role("combobox", name="Team").fill("watchers of the north")
    page.get_by_label("Name", exact=True).press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hasty")
    expect(page.get_by_role("main")).to_contain_text("Watchers of the North")


def test_a_failed_search_keeps_the_text_and_says_so(visit):
    page = visit("editor")
    page.route("**/choices/**", lambda route: route.abort())
    page.goto("/heroes/new/")
    team = page.get_by_role("combobox", name="Team")
    team.fill("watch")
    expect(page.get_by_role("status").filter(has_text="The search failed.")).to_be_visible()
    expect(team).to_have_value("watch")


def test_a_list_is_filtered_by_a_team_that_was_searched_for(visit):
    page = visit()
    page.goto("/heroes/")
    keyboard = Keyboard(page)
    keyboard.select(page.get_by_role("combobox", name="Team"), "watchers of the n")
    page.wait_for_url("**/heroes/?team=*")
    expect(page.get_by_role("combobox", name="Team")).to_have_value("Watchers of the North")
    page.get_by_role("combobox", name="Team").fill("no team")
    page.get_by_role("combobox", name="Team").press("Enter")
    page.wait_for_url("**/heroes/?team=null")


def test_a_filter_by_a_name_that_matches_several_is_reported(visit):
    page = visit()
    page.goto("/heroes/")
    team = page.get_by_role("combobox", name="Team")
    team.fill("watch")
    expect(page.get_by_role("main").get_by_role("option")).to_have_count(2)
    team.press("Tab")
    expect(page.get_by_role("alert")).to_contain_text("Select one of the teams that match “watch”.")
    expect(team).to_have_value("watch")
    team.click()
    page.get_by_role("option", name="Watchers of the North").click()
    page.wait_for_url("**/heroes/?team=*")
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("scripts", [True, False])
def test_selected_rows_are_moved_to_a_team_by_a_part_of_its_name(scripts, visit):
    page = visit("editor", java_script_enabled=scripts)
    page.goto("/heroes/?limit=5")
    page.locator("[name=record]").first.check()
    if scripts:
        team = page.locator("#selection").get_by_role("combobox", name="Move to team")
        team.fill("watch")
        expect(page.locator("#selection").get_by_role("option")).to_have_count(2)
    else:
        page.locator("#selection").get_by_label("Team by name").fill("watch")
    page.get_by_role("button", name="Move").click()
    expect(page.get_by_role("alert")).to_contain_text("Select one of the teams that match “watch”.")
    if scripts:
        page.get_by_role("combobox", name="Team").click()
        page.get_by_role("option", name="Watchers of the North").click()
    else:
        page.get_by_label("Team", exact=True).select_option(label="Watchers of the North")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Move 1 hero?")


def test_a_filter_without_scripts_selects_a_whole_name_and_lists_the_matches_of_another(visit):
    page = visit(java_script_enabled=False)
    page.goto("/heroes/")
    page.get_by_label("Team by name").fill("WATCHERS OF THE NORTH")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**/heroes/?team=*")
    assert "team_text" not in page.url
    page.get_by_label("Team by name").fill("watch")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("alert")).to_contain_text("Select one of the teams that match “watch”.")
    page.get_by_label("Team", exact=True).select_option(label="The Night's Watch")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("alert")).to_have_count(0)
