"""The history of a record lists its changes, with what the reader has permission to see."""

import pytest
from django.contrib.auth.models import Permission

from heroes.models import Hero
from heroesite.records.audit.disclosures import Disclosure
from tests.factories import HeroFactory, TeamFactory
from tests.markup import read
from tests.people import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def hero(editor_program):
    """A hero that was created, moved to a team, and given another secret name."""
    team = TeamFactory(name="Night Watch")
    hero = HeroFactory(name="Lamplighter", secret_name="Edith Wren", age=41)
    address = f"/api/v1/heroes/{hero.pk}"
    editor_program.patch(address, {"team_id": team.pk, "age": 42})
    editor_program.patch(address, {"secret_name": "Nora Vane"})
    return hero


def rows(response):
    return [[cell.text for cell in row.all("td")] for row in read(response).one("tbody").all("tr")]


def results(client, hero, query=""):
    response = client.get(f"/api/v1/heroes/{hero.pk}/history/{query}")
    assert response.status_code == 200
    return response.json()["results"]


def test_a_visitor_sees_changes_but_not_who_made_them(hero, visitor_browser):
    response = visitor_browser.get(f"/heroes/{hero.pk}/history/")
    changes = rows(response)
    assert [row[0] for row in changes] == ["3", "2", "1"]
    assert [row[-1] for row in changes] == [
        "Secret name: changed",
        "Age: 41 → 42 Team: – → Night Watch",
        "Name: Lamplighter Secret name: changed Age: 41 Team: –",
    ]
    assert "editor" not in read(response).one("main").text
    assert "Reveal" not in read(response).text


@pytest.mark.parametrize("who", ["reader", "editor", "keeper", "administrator"])
def test_signed_in_users_see_who_made_a_change(who, hero, request):
    response = browser(request.getfixturevalue(who)).get(f"/heroes/{hero.pk}/history/")
    assert rows(response)[0][2].startswith("editor · ")
    assert "Nora Vane" not in response.content.decode()


def test_a_linked_record_is_shown_by_its_current_or_last_name(hero, visitor_browser):
    team = Hero.objects.get(pk=hero.pk).team
    team.name = "Day Watch"
    team.save()
    assert "Team: – → Day Watch" in rows(visitor_browser.get(f"/heroes/{hero.pk}/history/"))[1][-1]
    team.delete()
    changes = rows(visitor_browser.get(f"/heroes/{hero.pk}/history/"))
    assert changes[0][-1] == "Team: Day Watch → –"
    assert changes[2][-1].endswith("Team: – → Day Watch")


def test_secrets_are_revealed_by_a_button_and_the_access_is_logged(hero, keeper_browser):
    address = f"/heroes/{hero.pk}/history/"
    assert read(keeper_browser.get(address)).one("main").all("button")
    assert not Disclosure.objects.exists()
    response = keeper_browser.post(address)
    assert rows(response)[0][-1] == "Secret name: Edith Wren → Nora Vane"
    assert "no-store" in response["Cache-Control"]
    disclosure = Disclosure.objects.get()
    assert (disclosure.username, disclosure.source, disclosure.ids) == ("keeper", "website", [hero.pk])


def test_nothing_is_logged_if_no_secret_is_shown(hero, keeper_browser):
    address = f"/heroes/{hero.pk}/history/"
    assert keeper_browser.post(f"{address}?limit=0").status_code == 400
    assert keeper_browser.post(f"{address}?offset=100").status_code == 200
    assert not Disclosure.objects.exists()


def test_secrets_are_not_revealed_to_an_editor(hero, editor_browser):
    assert editor_browser.post(f"/heroes/{hero.pk}/history/").status_code == 403
    assert not Disclosure.objects.exists()


def test_an_erased_value_is_marked(hero, visitor_browser, keeper_browser, keeper_program):
    Hero.history.filter(id=hero.pk, version__lte=2).update(secret_name="x", erased=["secret_name"])
    address = f"/heroes/{hero.pk}/history/"
    assert "Secret name: erased" in rows(visitor_browser.get(address))[2][-1]
    assert rows(keeper_browser.post(address))[0][-1] == "Secret name: erased → Nora Vane"
    [third, _second, first] = results(keeper_program, hero)
    assert first["changes"]["secret_name"] == {"before": None, "after": None, "erased": True}
    assert third["changes"]["secret_name"] == {"before": None, "after": "Nora Vane"}


def test_a_restored_record_has_the_history_of_the_deleted_one(hero, administrator_browser, visitor_browser):
    administrator_browser.post(f"/heroes/{hero.pk}/delete/")
    address = f"/heroes/{hero.pk}/history/"
    assert read(visitor_browser.get(f"/heroes/{hero.pk}/")).one("main").all("a", href=address)
    assert rows(visitor_browser.get(address))[0][3:] == ["deleted", ""]
    administrator_browser.post(f"/heroes/{hero.pk}/restore/")
    assert rows(visitor_browser.get(address))[0][3:] == ["restored", ""]
    assert read(visitor_browser.get(f"/heroes/{hero.pk}/")).one("main").all("a", href=address)


def test_restoring_with_a_secret_name_counts_as_a_change_whatever_is_entered(hero, editor):
    editor.user_permissions.set(Permission.objects.filter(codename__in=["add_hero", "delete_hero"]))
    for guess in ("Nora Vane", "Ada Pell"):
        Hero.objects.get(pk=hero.pk).delete()
        version = Hero.deletion_entry(hero.pk).version
        form = {"name": "Lamplighter", "secret_name": guess, "age": "42", "restore_version": version}
        assert browser(editor).post(f"/heroes/{hero.pk}/edit/", form).status_code == 302
        assert Hero.history.filter(id=hero.pk).first().blind_fields == ["secret_name"]


def test_the_api_lists_the_history(hero, editor_program, visitor_program):
    [third, second, first] = results(editor_program, hero)
    team_id = Hero.objects.get().team_id
    assert second["changes"] == {
        "age": {"before": 41, "after": 42},
        "team_id": {"before": None, "after": team_id},
    }
    assert third["changes"] == {"secret_name": {"changed": True}}
    assert (third["version"], third["action"], third["source"], third["user"]) == (
        3,
        "changed",
        "api",
        "editor",
    )
    assert third["token"]
    assert (first["action"], first["source"], first["user"]) == ("created", "command", None)
    assert {(entry["user"], entry["token"]) for entry in results(visitor_program, hero)} == {(None, None)}


def test_a_keeper_reads_secrets_at_the_api_and_the_access_is_logged(hero, keeper_program):
    response = keeper_program.get(f"/api/v1/heroes/{hero.pk}/history")
    [third, _second, _first] = response.json()["results"]
    assert third["changes"]["secret_name"] == {"before": "Edith Wren", "after": "Nora Vane"}
    assert "no-store" in response["Cache-Control"]
    assert Disclosure.objects.get().ids == [hero.pk]
    keeper_program.get(f"/api/v1/heroes/{hero.pk}/history?limit=1&offset=1")
    assert Disclosure.objects.count() == 1, "this page contains no secret"


def test_the_history_is_paged(hero, visitor_program, visitor_browser):
    response = visitor_program.get(f"/api/v1/heroes/{hero.pk}/history/?limit=1&offset=1").json()
    assert (response["count"], [entry["version"] for entry in response["results"]]) == (3, [2])
    assert response["results"][0]["changes"]["age"] == {"before": 41, "after": 42}, (
        "although version 1 is not on the page"
    )
    assert response["next"].endswith("?limit=1&offset=2")
    page = visitor_browser.get(f"/heroes/{hero.pk}/history/?limit=1&offset=1")
    assert [row[0] for row in rows(page)] == ["2"]
    assert read(page).one("a", rel="next")["href"] == "?limit=1&offset=2"
    past_the_end = visitor_browser.get(f"/heroes/{hero.pk}/history/?offset=9")
    assert (past_the_end.status_code, "There is no page" in read(past_the_end).text) == (200, True)


def test_the_admin_links_to_this_history(hero, editor_browser):
    response = editor_browser.get(f"/admin/heroes/hero/{hero.pk}/history/")
    assert (response.status_code, response["Location"]) == (302, f"/heroes/{hero.pk}/history/")
    page = read(editor_browser.get(f"/admin/heroes/hero/{hero.pk}/change/"))
    assert page.all("a", href=f"/admin/heroes/hero/{hero.pk}/history/")
    assert read(editor_browser.get("/admin/")).all("a", href="/history/")


def test_the_history_of_an_unknown_record_is_not_found(visitor_browser, visitor_program):
    assert visitor_browser.get("/heroes/999/history/").status_code == 404
    assert visitor_program.get("/api/v1/heroes/999/history/").json()["detail"] == "No hero has the id 999."
