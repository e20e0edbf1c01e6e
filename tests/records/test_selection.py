"""Rows chosen in a list: their team is changed or they are deleted, after a look at what that will do."""

import pytest

from heroes.models import Hero
from heroesite.records.audit.change_sets import ChangeSet
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.markup import form_with, read
from tests.people import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def owls():
    """Three heroes: two in the Night Watch, one in no team."""
    team = TeamFactory(name="Night Watch")
    return [HeroFactory(name=f"Owl {n}", team=team if n < 3 else None) for n in (1, 2, 3)]


def chosen(heroes, **more):
    return {"record": [f"{hero.pk}-{hero.version}" for hero in heroes], **more}


def confirm(client, address, heroes, **more):
    """Look at what would be done, and confirm it as it is shown."""
    shown = client.get(address, chosen(heroes, **more))
    assert shown.status_code == 200
    form = read(shown).one("form", id="confirm")
    values = form.values()
    values["record"] = [field["value"] for field in form.all("input", name="record")]
    return client.post(address, values)


def test_the_preview_says_what_each_was_and_becomes_and_changes_nothing(owls, editor_browser):
    target = TeamFactory(name="Day Watch")
    answer = editor_browser.get("/heroes/selected/team/", chosen(owls, team=target.pk))
    page = read(answer)
    assert page.one("h1").text == "Move 3 heroes?"
    cells = [[cell.text for cell in row.all("td")] for row in page.one("tbody").all("tr")]
    assert cells == [["Night Watch", "Day Watch"], ["Night Watch", "Day Watch"], ["no team", "Day Watch"]]
    assert "no-store" in answer["Cache-Control"]
    assert not Hero.objects.filter(team=target).exists()


def test_all_are_changed_at_once_and_one_undo_takes_it_back(owls, editor_browser):
    before = list(Hero.objects.values_list("name", "team_id"))
    sets = ChangeSet.objects.count()
    target = TeamFactory(name="Day Watch")
    answer = confirm(editor_browser, "/heroes/selected/team/", owls, team=target.pk, query="search=owl")
    assert (answer.status_code, answer["Location"]) == (302, "/heroes/?search=owl")
    assert set(Hero.objects.values_list("team_id", flat=True)) == {target.pk}
    assert ChangeSet.objects.count() == sets + 2  # the team's, and one for all heroes
    message = read(editor_browser.get("/heroes/")).one("ul", class_="messages")
    assert message.one("span").text == "3 heroes moved."
    editor_browser.post(message.one("form", class_="undo")["action"])
    assert list(Hero.objects.values_list("name", "team_id")) == before


def test_those_that_are_so_already_stay_as_they_are(owls, editor_browser):
    team = Team.objects.get()
    page = read(editor_browser.get("/heroes/selected/team/", chosen(owls, team=team.pk)))
    assert page.one("h1").text == "Move 1 hero?"
    assert "2 heroes are already in this team and won't change." in page.text
    confirm(editor_browser, "/heroes/selected/team/", owls, team=team.pk)
    assert list(Hero.objects.values_list("version", flat=True)) == [1, 1, 2]


def test_what_was_changed_after_it_was_shown_is_shown_again_first(owls, editor_browser):
    answer = editor_browser.get("/heroes/selected/", chosen(owls))
    hero = Hero.objects.get(name="Owl 2")
    hero.age = 99
    hero.save()
    form = read(answer).one("form", id="confirm")
    sent = form.values() | {"record": [field["value"] for field in form.all("input", name="record")]}
    refused = editor_browser.post("/heroes/selected/", sent)
    assert refused.status_code == 409
    assert "Owl 2" in read(refused).one(role="alert").text
    assert Hero.objects.count() == 3
    form = read(refused).one("form", id="confirm")
    again = form.values() | {"record": [field["value"] for field in form.all("input", name="record")]}
    assert editor_browser.post("/heroes/selected/", again).status_code == 302
    assert not Hero.objects.exists()


def test_those_that_have_gone_are_told_and_left_out(owls, editor_browser):
    request = chosen(owls)
    owls[0].delete()
    answer = editor_browser.post("/heroes/selected/", request)
    assert answer.status_code == 409
    assert "One selected row has since been deleted." in read(answer).text
    assert len(form_with(read(answer), "record").all("input", name="record")) == 2


def test_deleting_teams_says_first_what_it_will_touch_and_all_comes_back(owls, editor_browser):
    teams = [Team.objects.get(), TeamFactory(name="Day Watch")]
    page = read(editor_browser.get("/teams/selected/", chosen(teams)))
    assert page.one("h1").text == "Delete 2 teams?"
    assert "2 heroes will be left without a team." in page.text
    confirm(editor_browser, "/teams/selected/", teams)
    assert not Team.objects.exists()
    message = read(editor_browser.get("/teams/")).one("ul", class_="messages")
    editor_browser.post(message.one("form", class_="undo")["action"])
    assert Team.objects.count() == 2
    assert Hero.objects.filter(team__name="Night Watch").count() == 2


@pytest.mark.parametrize("address", ["/heroes/selected/", "/heroes/selected/team/"])
def test_who_may_not_write_chooses_nothing(address, owls, reader, visitor_browser):
    for client, status in ((visitor_browser, 302), (browser(reader), 403)):
        assert client.get(address, chosen(owls)).status_code == status
        assert client.post(address, chosen(owls)).status_code == status
        assert not read(client.get("/heroes/")).all("input", type="checkbox", name="record")
    assert Hero.objects.count() == 3


def test_the_way_back_leads_nowhere_else(owls, editor_browser):
    answer = confirm(
        editor_browser, "/heroes/selected/", owls, query="//evil.example/?a=b\r\nSet-Cookie: a=b"
    )
    assert answer["Location"].startswith("/heroes/?")
    assert "\n" not in answer["Location"]


def test_a_team_that_has_gone_meanwhile_is_told_and_nobody_loses_theirs(owls, editor_browser):
    target = TeamFactory(name="Day Watch")
    request = chosen(owls, team=target.pk)
    target.delete()
    for answer, status in (
        (editor_browser.get("/heroes/selected/team/", request), 400),
        (editor_browser.post("/heroes/selected/team/", request), 422),
    ):
        assert answer.status_code == status
        assert "There is no such record." in read(answer).one(role="alert").text
        assert not read(answer).all("form", id="confirm")
    assert Hero.objects.filter(team=None).count() == 1


def test_checking_a_field_brings_no_deleted_record_back(editor_browser):
    hero = HeroFactory(name="Owl")
    key = hero.pk
    hero.delete()
    for action in ("restore", "edit"):
        answer = editor_browser.post(f"/heroes/{key}/{action}/?check=name", {"name": "Owl"})
        assert answer.status_code in (400, 404)
    assert not Hero.objects.exists()
