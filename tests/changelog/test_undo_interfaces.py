"""Undo and revert as people and programs reach them."""

import pytest

from heroes.models import Hero
from heroesite.records.audit.change_sets import ChangeSet
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.markup import read
from tests.people import browser, program

pytestmark = pytest.mark.django_db


@pytest.fixture
def deletion(editor_browser):
    """The change set in which a team of two was deleted on its page."""
    team = TeamFactory(name="Night Watch")
    HeroFactory(name="Lamplighter", team=team, secret_name="Edith Wren")
    HeroFactory(name="Owl", team=team)
    editor_browser.post(f"/teams/{team.pk}/delete/")
    return ChangeSet.objects.latest("pk")


def last():
    return ChangeSet.objects.latest("pk")


def test_an_editor_sees_what_undoing_would_do_and_does_it(deletion, editor_browser):
    shown = read(editor_browser.get(f"/history/{deletion.pk}/"))
    address = shown.one("a", href=f"/history/{deletion.pk}/undo/")["href"]
    page = read(editor_browser.get(address))
    for words in (
        "Night Watch will be restored",
        "Lamplighter will be changed back",
        "Owl will be changed back",
    ):
        assert words in page.text
    assert not Team.objects.exists(), "it only says so"
    answer = editor_browser.post(address, follow=True)
    assert "Undone: 1 team restored, 2 heroes changed back." in read(answer).text
    assert Team.objects.get().heroes.count() == 2
    undone = last()
    assert (undone.undoes, undone.source, undone.username) == (deletion, "website", "editor")
    assert "Undone by change" in read(editor_browser.get(address)).text
    again = editor_browser.post(address)
    assert again.status_code == 409
    assert "None of these changes can be undone." in read(again).text


def test_staff_come_to_undo_from_the_admin(deletion, editor_browser, reader):
    page = read(editor_browser.get("/admin/records/changeset/"))
    address = f"/admin/records/changeset/{deletion.pk}/undo/"
    assert page.all("a", href=address)
    one = read(editor_browser.get(f"/admin/records/changeset/{deletion.pk}/change/"))
    assert one.all("a", href=address)
    assert not one.one("main").all("input", type="submit")
    told = read(editor_browser.get(address))
    assert "Night Watch will be restored" in told.text
    answer = editor_browser.post(address, follow=True)
    assert "Undone: 1 team restored, 2 heroes changed back." in read(answer).text
    assert (last().undoes, last().source, last().username) == (deletion, "admin", "editor")
    assert answer.redirect_chain == [(f"/admin/records/changeset/{last().pk}/change/", 302)]
    for closed in ("/admin/records/changeset/", address):
        assert browser(reader).get(closed).status_code != 200


def test_what_was_changed_since_is_shown_and_undone_on_request_only(deletion, editor_browser):
    owl = Hero.objects.get(name="Owl")
    owl.age = 7
    owl.save()
    address = f"/history/{deletion.pk}/undo/"
    page = read(editor_browser.get(address))
    assert "Owl: Has since been changed." in page.text
    link = [link for link in page.all("a") if link["href"] == "?anyway=yes"]
    assert link
    with_those = read(editor_browser.get(f"{address}?anyway=yes"))
    assert "Owl will be changed back" in with_those.text
    editor_browser.post(address, {"anyway": "yes"})
    owl.refresh_from_db()
    assert (owl.team.name, owl.age) == ("Night Watch", 7)


@pytest.mark.parametrize("method", ["get", "post"])
def test_visitors_are_led_to_sign_in_and_readers_are_refused(method, deletion, reader):
    address = f"/history/{deletion.pk}/undo/"
    assert getattr(browser(), method)(address).status_code == 302
    assert getattr(browser(reader), method)(address).status_code == 403
    assert getattr(browser(reader), method)("/history/999999/undo/").status_code == 404
    assert not Team.objects.exists()


def test_a_record_is_reverted_from_its_history(editor_browser):
    hero = HeroFactory(name="Lamplighter", secret_name="Edith Wren", age=41)
    hero.age, hero.secret_name = 7, "Nora Vane"
    hero.save()
    page = read(editor_browser.get(f"/heroes/{hero.pk}/history/"))
    [address] = [link["href"] for link in page.all("a") if link.text.startswith("Revert to")]
    shown = editor_browser.get(address)
    assert "41" in read(shown).text
    assert "Edith" not in shown.content.decode()
    assert editor_browser.post(address).status_code == 302
    hero.refresh_from_db()
    assert (hero.age, hero.secret_name, hero.version) == (41, "Edith Wren", 3)


def test_a_revert_against_the_rules_says_why_and_does_nothing(editor_browser):
    hero = HeroFactory(name="Lamplighter")
    hero.name = "Lamp"
    hero.save()
    HeroFactory(name="Lamplighter")
    answer = editor_browser.post(f"/heroes/{hero.pk}/history/1/revert/")
    assert answer.status_code == 409
    assert "There is already a hero named “Lamplighter”." in read(answer).text
    assert Hero.objects.get(pk=hero.pk).version == 2


@pytest.mark.parametrize("version", ["0", "9", "9" * 30])
def test_an_entry_that_is_not_there_is_not_found(version, editor_browser):
    hero = HeroFactory()
    assert editor_browser.post(f"/heroes/{hero.pk}/history/{version}/revert/").status_code == 404


def test_who_may_not_change_may_not_revert(reader):
    hero = HeroFactory(age=1)
    hero.age = 2
    hero.save()
    assert browser(reader).post(f"/heroes/{hero.pk}/history/1/revert/").status_code == 403
    assert browser().post(f"/heroes/{hero.pk}/history/1/revert/").status_code == 302
    assert Hero.objects.get().age == 2


# Programs ----------------------------------------------------------------------------------


def test_a_program_rehearses_and_undoes(deletion, editor, editor_program):
    address = f"/api/v1/changesets/{deletion.pk}/undo"
    told = editor_program.post(f"{address}?dry_run=true")
    assert (told.status_code, told.json()["change_set"], told.json()["done_count"]) == (200, None, 3)
    assert not Team.objects.exists()
    done = editor_program.post(f"{address}/")
    assert {step["action"] for step in done.json()["done"]} == {"add", "change"}
    undone = ChangeSet.objects.get(pk=done.json()["change_set"])
    assert (undone.undoes, undone.source, undone.username) == (deletion, "api", "editor")
    assert Team.objects.get().heroes.count() == 2
    again = editor_program.post(address)
    assert (again.status_code, again["Content-Type"]) == (409, "application/problem+json")
    assert f"They were undone by change set {undone.pk}" in again.json()["detail"]


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ("?dry_run=maybe", {}, 400),
        ("?force=true", {}, 400),
        ("", {"force": True}, 422),
        ("", {"anyway": "yes"}, 422),
        ("", [], 422),
        ("?dry_run=true", {"anyway": True}, 200),
    ],
)
def test_a_malformed_request_undoes_nothing(query, body, status, deletion, editor_program):
    answer = editor_program.post(f"/api/v1/changesets/{deletion.pk}/undo/{query}", body)
    assert answer.status_code == status, answer.content
    assert not Team.objects.exists()


@pytest.mark.parametrize("key", ["0", "abc", "9" * 30, "٣"])
def test_an_unknown_change_set_is_not_found(key, editor_program):
    answer = editor_program.post(f"/api/v1/changesets/{key}/undo/")
    assert (answer.status_code, answer.json()["detail"]) == (404, f"No change set has the id {key}.")


def test_programs_without_permission_undo_nothing(deletion, reader, editor):
    address = f"/api/v1/changesets/{deletion.pk}/undo/"
    assert program().post(address).status_code == 401
    assert program(reader).post(address).status_code == 403
    assert program(editor, read_only=True).post(address).status_code == 403
    assert not Team.objects.exists()


def test_an_undo_that_is_sent_again_under_its_key_is_done_once(deletion, editor_program):
    address, headers = f"/api/v1/changesets/{deletion.pk}/undo", {"Idempotency-Key": "undo-1"}
    rehearsed = editor_program.post(f"{address}?dry_run=true", headers=headers)
    assert rehearsed.json()["change_set"] is None
    first, second = (editor_program.post(address, headers=headers) for _time in range(2))
    assert (first.status_code, first.content) == (200, second.content)
    assert ("Idempotency-Replayed" in first, second["Idempotency-Replayed"]) == (False, "true")
    assert editor_program.post(address, {"anyway": True}, headers=headers).status_code == 422
    assert editor_program.post(f"{address}?dry_run=true", headers={"Idempotency-Key": ""}).status_code == 400
    assert ChangeSet.objects.filter(undoes=deletion).count() == 1


@pytest.fixture
def changed():
    """A hero at version 2, and the way back to version 1."""
    hero = HeroFactory(name="Lamplighter", secret_name="Edith Wren", age=41, team=None)
    hero.age, hero.secret_name = 7, "Nora Vane"
    hero.save()
    return hero, f"/api/v1/heroes/{hero.pk}/history/1/revert"


@pytest.mark.parametrize("who", ["editor", "keeper"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_program_reverts_a_record(who, slash, changed, request):
    _hero, address = changed
    answer = request.getfixturevalue(f"{who}_program").post(f"{address}{slash}")
    assert (answer.status_code, answer.json()["age"], answer.json()["version"]) == (200, 41, 3)
    assert answer["ETag"].startswith('"3-')
    assert answer.json().get("secret_name") == ("Edith Wren" if who == "keeper" else None)
    assert (last().source, last().username) == ("api", who)


def test_a_revert_is_conditional_and_done_once(changed, editor_program):
    _hero, address = changed
    stale = editor_program.post(address, headers={"If-Match": '"1-' + "0" * 32 + '"'})
    assert (stale.status_code, stale.json()["version"]) == (412, 2)
    headers = {"If-Match": '"2-' + "0" * 32 + '"', "Idempotency-Key": "revert-1"}
    first, second = (editor_program.post(address, headers=headers) for _time in range(2))
    assert (first.status_code, first.content) == (200, second.content)
    assert second["Idempotency-Replayed"] == "true"
    assert Hero.objects.get().version == 3


def test_a_deleted_record_comes_back_by_revert(changed, editor_program):
    hero, address = changed
    Hero.objects.all().delete()
    assert editor_program.post(address, headers={"If-Match": "*"}).status_code == 412
    answer = editor_program.post(address)
    assert (answer.status_code, answer.json()["id"], answer.json()["version"]) == (200, hero.pk, 4)
    deleted_then = editor_program.post(address.replace("history/1/", "history/3/"))
    assert deleted_then.status_code == 409
    assert "Choose an earlier one." in deleted_then.json()["detail"]


def test_a_revert_by_a_program_that_cannot_be_says_why(changed, editor_program, reader):
    hero, address = changed
    for version in ("0", "9", "x", "9" * 30, "1%00"):
        no_such = address.replace("history/1/", f"history/{version}/")
        assert editor_program.post(no_such).status_code in (400, 404)
    assert editor_program.post("/api/v1/heroes/999999/history/1/revert").status_code == 404
    assert editor_program.post(f"{address}?x=1").status_code == 400
    assert editor_program.post(address, {"age": 1}).status_code == 422
    assert program(reader).post(address).status_code == 403
    assert program().post(address).status_code == 401
    hero.name = "Lamp"
    hero.save()
    HeroFactory(name="Lamplighter")
    taken = editor_program.post(address)
    assert (taken.status_code, taken["Content-Type"]) == (409, "application/problem+json")
    assert "There is already a hero named “Lamplighter”." in taken.json()["detail"]
    assert Hero.objects.get(pk=hero.pk).version == 3
