"""Selected rows of a list can be moved to a team or deleted, after a preview."""

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


def selected(heroes, **more):
    return {"record": [f"{hero.pk}-{hero.version}" for hero in heroes], **more}


def confirm(client, address, heroes, **more):
    """Open the preview and confirm it."""
    response = client.get(address, selected(heroes, **more))
    assert response.status_code == 200
    form = read(response).one("form", id="confirm")
    values = form.values()
    values["record"] = [field["value"] for field in form.all("input", name="record")]
    return client.post(address, values)


def test_the_preview_shows_old_and_new_values_and_changes_nothing(owls, editor_browser):
    target = TeamFactory(name="Day Watch")
    response = editor_browser.get("/heroes/selected/team/", selected(owls, team=target.pk))
    page = read(response)
    assert page.one("h1").text == "Move 3 heroes?"
    cells = [[cell.text for cell in row.all("td")] for row in page.one("tbody").all("tr")]
    assert cells == [["Night Watch", "Day Watch"], ["Night Watch", "Day Watch"], ["no team", "Day Watch"]]
    assert "no-store" in response["Cache-Control"]
    assert not Hero.objects.filter(team=target).exists()


def test_all_records_change_together_and_one_undo_reverts_them(owls, editor_browser):
    before = list(Hero.objects.values_list("name", "team_id"))
    sets = ChangeSet.objects.count()
    target = TeamFactory(name="Day Watch")
    response = confirm(editor_browser, "/heroes/selected/team/", owls, team=target.pk, query="search=owl")
    assert (response.status_code, response["Location"]) == (302, "/heroes/?search=owl")
    assert set(Hero.objects.values_list("team_id", flat=True)) == {target.pk}
    assert ChangeSet.objects.count() == sets + 2  # the team's, and one for all heroes
    message = read(editor_browser.get("/heroes/")).one("ul", class_="messages")
    assert message.one("span").text == "3 heroes moved."
    editor_browser.post(message.one("form", class_="undo")["action"])
    assert list(Hero.objects.values_list("name", "team_id")) == before


def test_records_already_in_the_team_are_not_changed(owls, editor_browser):
    team = Team.objects.get()
    page = read(editor_browser.get("/heroes/selected/team/", selected(owls, team=team.pk)))
    assert page.one("h1").text == "Move 1 hero?"
    assert "2 heroes are already in this team and won't change." in page.text
    confirm(editor_browser, "/heroes/selected/team/", owls, team=team.pk)
    assert list(Hero.objects.values_list("version", flat=True)) == [1, 1, 2]


@pytest.mark.parametrize("address", ["/heroes/selected/team/", "/heroes/selected/"])
def test_the_preview_shows_which_records_have_changed_since_they_were_selected(address, owls, editor_browser):
    selection = selected(owls, **({"team": TeamFactory().pk} if "team" in address else {}))
    owls[1].age = 5
    owls[1].save()
    changed = read(editor_browser.get(address, selection)).one(role="alert")
    assert [item.text for item in changed.all("li")] == ["Owl 2"]


def test_records_changed_after_the_preview_are_previewed_again(owls, editor_browser):
    response = editor_browser.get("/heroes/selected/", selected(owls))
    hero = Hero.objects.get(name="Owl 2")
    hero.age = 99
    hero.save()
    form = read(response).one("form", id="confirm")
    sent = form.values() | {"record": [field["value"] for field in form.all("input", name="record")]}
    rejected = editor_browser.post("/heroes/selected/", sent)
    assert rejected.status_code == 409
    assert "Owl 2" in read(rejected).one(role="alert").text
    assert Hero.objects.count() == 3
    form = read(rejected).one("form", id="confirm")
    again = form.values() | {"record": [field["value"] for field in form.all("input", name="record")]}
    assert editor_browser.post("/heroes/selected/", again).status_code == 302
    assert not Hero.objects.exists()


def test_deleted_records_are_listed_and_skipped(owls, editor_browser):
    request = selected(owls)
    owls[0].delete()
    response = editor_browser.post("/heroes/selected/", request)
    assert response.status_code == 409
    assert "One selected row has since been deleted." in read(response).text
    assert len(form_with(read(response), "record").all("input", name="record")) == 2


def test_deleting_teams_first_shows_what_will_change_and_can_be_undone(owls, editor_browser):
    teams = [Team.objects.get(), TeamFactory(name="Day Watch")]
    page = read(editor_browser.get("/teams/selected/", selected(teams)))
    assert page.one("h1").text == "Delete 2 teams?"
    assert "2 heroes will be left without a team." in page.text
    confirm(editor_browser, "/teams/selected/", teams)
    assert not Team.objects.exists()
    message = read(editor_browser.get("/teams/")).one("ul", class_="messages")
    editor_browser.post(message.one("form", class_="undo")["action"])
    assert Team.objects.count() == 2
    assert Hero.objects.filter(team__name="Night Watch").count() == 2


@pytest.mark.parametrize("address", ["/heroes/selected/", "/heroes/selected/team/"])
def test_rows_cannot_be_selected_without_permission_to_write(address, owls, reader, visitor_browser):
    for client, status in ((visitor_browser, 302), (browser(reader), 403)):
        assert client.get(address, selected(owls)).status_code == status
        assert client.post(address, selected(owls)).status_code == status
        assert not read(client.get("/heroes/")).all("input", type="checkbox", name="record")
    assert Hero.objects.count() == 3


def test_the_redirect_stays_on_the_list(owls, editor_browser):
    response = confirm(
        editor_browser, "/heroes/selected/", owls, query="//evil.example/?a=b\r\nSet-Cookie: a=b"
    )
    assert response["Location"].startswith("/heroes/?")
    assert "\n" not in response["Location"]


def test_moving_to_a_deleted_team_is_an_error_and_changes_nothing(owls, editor_browser):
    target = TeamFactory(name="Day Watch")
    request = selected(owls, team=target.pk)
    target.delete()
    for response, status in (
        (editor_browser.get("/heroes/selected/team/", request), 400),
        (editor_browser.post("/heroes/selected/team/", request), 422),
    ):
        assert response.status_code == status
        assert "There is no such record." in read(response).one(role="alert").text
        assert not read(response).all("form", id="confirm")
    assert Hero.objects.filter(team=None).count() == 1


def test_checking_a_field_brings_no_deleted_record_back(editor_browser):
    hero = HeroFactory(name="Owl")
    key = hero.pk
    hero.delete()
    for action in ("restore", "edit"):
        response = editor_browser.post(f"/heroes/{key}/{action}/?check=name", {"name": "Owl"})
        assert response.status_code in (400, 404)
    assert not Hero.objects.exists()
