"""A list filtered by a record that has been deleted is empty; an id that was never used is an error."""

import pytest

from tests.factories import HeroFactory, TeamFactory
from tests.markup import read

pytestmark = pytest.mark.django_db


@pytest.fixture
def deleted_team():
    """The id of a team that has been deleted, whose hero has no team any more."""
    team = TeamFactory(name="Night Watch")
    HeroFactory(name="Lamplighter", team=team)
    pk = team.pk
    team.delete()
    return pk


def test_the_heroes_of_a_deleted_team_are_an_empty_list(deleted_team, visitor_program):
    response = visitor_program.get(f"/api/v1/heroes/?team={deleted_team}")
    assert (response.status_code, response.json()["results"]) == (200, [])
    assert visitor_program.get(f"/api/v1/heroes/?team={deleted_team}&cursor=*").json()["results"] == []


def test_a_page_names_the_deleted_team(deleted_team, visitor_browser, editor_browser):
    response = visitor_browser.get(f"/heroes/?team={deleted_team}")
    page = read(response)
    assert response.status_code == 200
    assert "Lamplighter" not in page.text
    [selected] = [o for o in page.one("select", name="team").all("option") if "selected" in o.attributes]
    assert (selected["value"], selected.text) == (str(deleted_team), "Night Watch (deleted)")
    page = read(editor_browser.get(f"/admin/heroes/hero/?team={deleted_team}"))
    assert not page.all("th", class_="field-name")


def test_an_id_that_was_never_used_is_an_error(deleted_team, visitor_program, visitor_browser):
    response = visitor_program.get(f"/api/v1/heroes/?team={deleted_team + 1000}")
    assert response.status_code == 400
    assert [error["parameter"] for error in response.json()["errors"]] == ["team"]
    assert visitor_browser.get(f"/heroes/?team={deleted_team + 1000}").status_code == 400


def test_a_restored_team_has_a_list_again(deleted_team, visitor_program, editor_program):
    restored = editor_program.post(f"/api/v1/teams/{deleted_team}/history/1/revert")
    assert restored.status_code == 200
    HeroFactory(name="Owl", team_id=deleted_team)
    response = visitor_program.get(f"/api/v1/heroes/?team={deleted_team}")
    assert [row["name"] for row in response.json()["results"]] == ["Owl"]
