"""The history of one record: what was done to it, for each to see as much as they may."""

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
    """Made, put into a team, given another secret name, deleted and restored."""
    team = TeamFactory(name="Night Watch")
    hero = HeroFactory(name="Lamplighter", secret_name="Edith Wren", age=41)
    address = f"/api/v1/heroes/{hero.pk}"
    editor_program.patch(address, {"team_id": team.pk, "age": 42})
    editor_program.patch(address, {"secret_name": "Nora Vane"})
    return hero


def rows(answer):
    return [[cell.text for cell in row.all("td")] for row in read(answer).one("tbody").all("tr")]


def results(client, hero, query=""):
    answer = client.get(f"/api/v1/heroes/{hero.pk}/history/{query}")
    assert answer.status_code == 200
    return answer.json()["results"]


def test_a_visitor_reads_what_was_changed_and_when_but_not_by_whom(hero, visitor_browser):
    answer = visitor_browser.get(f"/heroes/{hero.pk}/history/")
    told = rows(answer)
    assert [row[0] for row in told] == ["3", "2", "1"]
    assert [row[-1] for row in told] == [
        "Secret name: changed",
        "Age: 41 → 42 Team: – → Night Watch",
        "Name: Lamplighter Secret name: changed Age: 41 Team: –",
    ]
    assert "editor" not in read(answer).one("main").text
    assert "Reveal" not in read(answer).text


@pytest.mark.parametrize("who", ["reader", "editor", "keeper", "administrator"])
def test_the_signed_in_read_by_whom(who, hero, request):
    answer = browser(request.getfixturevalue(who)).get(f"/heroes/{hero.pk}/history/")
    assert rows(answer)[0][2].startswith("editor · ")
    assert "Nora Vane" not in answer.content.decode()


def test_a_link_is_shown_by_its_name_now_or_by_its_last(hero, visitor_browser):
    team = Hero.objects.get(pk=hero.pk).team
    team.name = "Day Watch"
    team.save()
    assert "Team: – → Day Watch" in rows(visitor_browser.get(f"/heroes/{hero.pk}/history/"))[1][-1]
    team.delete()
    told = rows(visitor_browser.get(f"/heroes/{hero.pk}/history/"))
    assert told[0][-1] == "Team: Day Watch → –"
    assert told[2][-1].endswith("Team: – → Day Watch")


def test_secrets_are_revealed_on_request_and_noted(hero, keeper_browser):
    address = f"/heroes/{hero.pk}/history/"
    assert read(keeper_browser.get(address)).one("main").all("button")
    assert not Disclosure.objects.exists()
    answer = keeper_browser.post(address)
    assert rows(answer)[0][-1] == "Secret name: Edith Wren → Nora Vane"
    assert "no-store" in answer["Cache-Control"]
    disclosure = Disclosure.objects.get()
    assert (disclosure.username, disclosure.source, disclosure.ids) == ("keeper", "website", [hero.pk])


def test_nothing_is_noted_where_nothing_is_shown(hero, keeper_browser):
    address = f"/heroes/{hero.pk}/history/"
    assert keeper_browser.post(f"{address}?limit=0").status_code == 400
    assert keeper_browser.post(f"{address}?offset=100").status_code == 200
    assert not Disclosure.objects.exists()


def test_secrets_are_not_revealed_to_an_editor(hero, editor_browser):
    assert editor_browser.post(f"/heroes/{hero.pk}/history/").status_code == 403
    assert not Disclosure.objects.exists()


def test_a_value_that_had_to_be_forgotten_is_called_erased(
    hero, visitor_browser, keeper_browser, keeper_program
):
    Hero.history.filter(id=hero.pk, version__lte=2).update(secret_name="x", erased=["secret_name"])
    address = f"/heroes/{hero.pk}/history/"
    assert "Secret name: erased" in rows(visitor_browser.get(address))[2][-1]
    assert rows(keeper_browser.post(address))[0][-1] == "Secret name: erased → Nora Vane"
    [third, _second, first] = results(keeper_program, hero)
    assert first["changes"]["secret_name"] == {"before": None, "after": None, "erased": True}
    assert third["changes"]["secret_name"] == {"before": None, "after": "Nora Vane"}


def test_what_was_deleted_and_brought_back_keeps_one_history(hero, administrator_browser, visitor_browser):
    administrator_browser.post(f"/heroes/{hero.pk}/delete/")
    address = f"/heroes/{hero.pk}/history/"
    assert read(visitor_browser.get(f"/heroes/{hero.pk}/")).one("main").all("a", href=address)
    assert rows(visitor_browser.get(address))[0][3:] == ["deleted", ""]
    administrator_browser.post(f"/heroes/{hero.pk}/restore/")
    assert rows(visitor_browser.get(address))[0][3:] == ["restored", ""]
    assert read(visitor_browser.get(f"/heroes/{hero.pk}/")).one("main").all("a", href=address)


def test_bringing_back_with_a_typed_secret_is_a_change_whatever_was_typed(hero, editor):
    editor.user_permissions.set(Permission.objects.filter(codename__in=["add_hero", "delete_hero"]))
    for guess in ("Nora Vane", "Ada Pell"):
        Hero.objects.get(pk=hero.pk).delete()
        version = Hero.deletion_entry(hero.pk).version
        form = {"name": "Lamplighter", "secret_name": guess, "age": "42", "bring_back": version}
        assert browser(editor).post(f"/heroes/{hero.pk}/edit/", form).status_code == 302
        assert Hero.history.filter(id=hero.pk).first().blind_fields == ["secret_name"]


def test_programs_read_the_history_as_a_list(hero, editor_program, visitor_program):
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


def test_a_keepers_program_reads_secrets_and_that_is_noted(hero, keeper_program):
    answer = keeper_program.get(f"/api/v1/heroes/{hero.pk}/history")
    [third, _second, _first] = answer.json()["results"]
    assert third["changes"]["secret_name"] == {"before": "Edith Wren", "after": "Nora Vane"}
    assert "no-store" in answer["Cache-Control"]
    assert Disclosure.objects.get().ids == [hero.pk]
    keeper_program.get(f"/api/v1/heroes/{hero.pk}/history?limit=1&offset=1")
    assert Disclosure.objects.count() == 1, "no secret is among these"


def test_histories_are_paged(hero, visitor_program, visitor_browser):
    answer = visitor_program.get(f"/api/v1/heroes/{hero.pk}/history/?limit=1&offset=1").json()
    assert (answer["count"], [entry["version"] for entry in answer["results"]]) == (3, [2])
    assert answer["results"][0]["changes"]["age"] == {"before": 41, "after": 42}, (
        "though 1 is not on the page"
    )
    assert answer["next"].endswith("?limit=1&offset=2")
    page = visitor_browser.get(f"/heroes/{hero.pk}/history/?limit=1&offset=1")
    assert [row[0] for row in rows(page)] == ["2"]
    assert read(page).one("a", rel="next")["href"] == "?limit=1&offset=2"
    past = visitor_browser.get(f"/heroes/{hero.pk}/history/?offset=9")
    assert (past.status_code, "There is no page" in read(past).text) == (200, True)


def test_the_admins_history_is_this_one(hero, editor_browser):
    answer = editor_browser.get(f"/admin/heroes/hero/{hero.pk}/history/")
    assert (answer.status_code, answer["Location"]) == (302, f"/heroes/{hero.pk}/history/")
    page = read(editor_browser.get(f"/admin/heroes/hero/{hero.pk}/change/"))
    assert page.all("a", href=f"/admin/heroes/hero/{hero.pk}/history/")
    assert read(editor_browser.get("/admin/")).all("a", href="/history/")


def test_a_record_that_never_was_has_no_history(visitor_browser, visitor_program):
    assert visitor_browser.get("/heroes/999/history/").status_code == 404
    assert visitor_program.get("/api/v1/heroes/999/history/").json()["detail"] == "No hero has the id 999."
