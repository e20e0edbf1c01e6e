"""Scripts check each field, replace long selects with comboboxes, and warn before changes are lost."""

import pytest
from playwright.sync_api import expect

from tests.searching import is_found


def test_an_error_is_shown_on_leaving_the_field_and_hidden_once_fixed(visit):
    page = visit("editor")
    page.goto("/heroes/new/")
    age = page.get_by_label("Age")
    age.fill("1,5")
    age.press("Tab")
    expect(page.get_by_text("Enter a whole number, such as 41.")).to_be_visible()
    expect(age).to_have_attribute("aria-invalid", "true")
    expect(age).to_have_accessible_description("Enter a whole number, such as 41.")
    age.fill("15")
    age.press("Tab")
    expect(page.get_by_text("Enter a whole number, such as 41.")).to_have_count(0)
    expect(age).not_to_have_attribute("aria-invalid", "true")


def test_an_existing_name_gets_the_error_message_of_the_server(visit):
    page = visit("editor")
    page.goto("/heroes/new/")
    page.get_by_label("Name", exact=True).fill("bATMAN")
    page.get_by_label("Name", exact=True).press("Tab")
    message = "There is already a hero named “Batman”. Choose another name."
    expect(page.get_by_text(message)).to_be_visible()
    assert page.request.get("/heroes/?search=batman").text().count(">Batman<") == 1


def test_a_check_saves_nothing(visit):
    page = visit("editor")
    page.goto("/heroes/?search=Batman")
    page.get_by_role("link", name="Batman").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Batman")
    address = page.url
    page.goto(f"{address}edit/")
    with page.expect_response(lambda response: "check=age" in response.url):
        page.get_by_label("Age").fill("99")
        page.get_by_label("Age").press("Tab")
    assert ">99<" not in page.request.get(address).text()


def leave(page) -> str:
    """Leave the page and accept its dialog, if any. Returns the type of the dialog."""
    dialogs = []
    page.once("dialog", lambda dialog: (dialogs.append(dialog.type), dialog.accept()))
    page.get_by_label("Name", exact=True).click()  # a browser doesn't warn about a page without any input
    page.get_by_role("link", name="Teams", exact=True).click()
    page.wait_for_url("**/teams/")
    return "".join(dialogs)


def test_the_browser_warns_before_unsaved_changes_are_lost(visit):
    page = visit("editor")
    page.goto("/heroes/new/")
    page.get_by_label("Name", exact=True).fill("Nightjar")
    assert leave(page) == "beforeunload"


def test_the_browser_warns_before_a_rejected_form_is_lost(visit):
    page = visit("editor")
    page.goto("/heroes/new/")
    page.get_by_label("Name", exact=True).fill("Nightjar")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").wait_for()
    page.wait_for_load_state()
    assert leave(page) == "beforeunload"


def test_the_browser_does_not_warn_about_an_unchanged_form(visit):
    page = visit("editor")
    page.goto("/heroes/new/")
    page.get_by_label("Name", exact=True).fill("Nightjar")
    page.get_by_label("Name", exact=True).fill("")
    assert leave(page) == ""


def test_a_team_is_searched_for_and_selected_with_arrow_keys(visit):
    page = visit("editor")
    page.goto("/heroes/new/")
    team = page.get_by_role("combobox", name="Team")
    team.fill("the")
    options = page.get_by_role("main").get_by_role("option")
    teams = page.locator("#id_team-value option").evaluate_all("all => all.map(option => option.text)")
    expect(options).to_have_text([name for name in teams if "the" in name.casefold()])
    team.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    name = options.first.inner_text()
    team.press("Enter")
    expect(team).to_have_value(name)
    expect(options).to_have_count(0)
    assert page.locator("#id_team-value").evaluate("select => select.selectedOptions[0].text") == name


@pytest.mark.parametrize(
    "text", ["bprd", "Super heroes", "super-heroes", "ti", "b.p", "- le", "of  l", "ustic"]
)
def test_the_options_are_the_teams_that_a_search_finds(text, visit):
    page = visit("editor")
    page.goto("/heroes/new/")
    teams = page.locator("#id_team-value option").evaluate_all("all => all.map(option => option.text)")
    found = [name for name in teams if is_found(text.split(), name)]
    page.get_by_role("combobox", name="Team").fill(text)
    expect(page.get_by_role("main").get_by_role("option")).to_have_text(found)
    assert 0 < len(found) < len(teams)


def test_text_that_matches_one_team_selects_it_and_an_empty_one_selects_none(visit):
    page = visit("editor")
    page.goto("/heroes/new/")
    team = page.get_by_role("combobox", name="Team")
    team.fill("Aveng")
    team.press("Tab")
    expect(team).to_have_value("Avengers")
    team.fill("")
    team.press("Tab")
    expect(team).to_have_value("no team")


def test_text_after_a_rejected_one_is_checked_too(visit):
    page = visit("editor")
    page.goto("/heroes/new/")
    team = page.get_by_role("combobox", name="Team")
    for text in ("nobody", "no one at all"):
        team.fill(text)
        team.press("Tab")
        expect(page.locator("#id_team_error")).to_have_text(f"No teams match “{text}”.")
    team.fill("Aveng")
    team.press("Tab")
    expect(team).to_have_value("Avengers")
    expect(page.locator("#id_team_error")).to_be_empty()


def test_text_that_matches_no_team_stays_and_is_an_error(visit):
    page = visit("editor")
    page.goto("/heroes/new/")
    team = page.get_by_role("combobox", name="Team")
    message = "No teams match “nobody's $& team”."
    team.fill("nobody's $& team")
    expect(page.get_by_role("status").filter(has_text=message)).to_be_visible()
    team.press("Tab")
    expect(page.locator(".field-errors").get_by_text(message)).to_be_visible()
    expect(team).to_have_value("nobody's $& team")
    expect(team).to_have_attribute("aria-invalid", "true")
    expect(team).to_have_accessible_description(message)
    page.get_by_label("Name", exact=True).fill("Nightjar")
    page.get_by_label("Secret name").fill("Nobody")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text(message)
    expect(team).to_have_value("nobody's $& team")
    team.press("Escape")
    expect(team).to_have_value("no team")
    expect(team).not_to_have_attribute("aria-invalid", "true")


def test_an_error_that_moves_the_save_button_does_not_prevent_its_click(visit):
    page = visit("editor")
    checks = []
    page.on("request", lambda request: checks.append(request.url) if "check=age" in request.url else None)
    page.goto("/heroes/new/")
    page.get_by_label("Name", exact=True).fill("Nightjar")
    page.get_by_label("Age").fill("ten")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Age")
    assert checks == [], "the response to a check would move the button before it is released"
