"""Undo and revert on the pages, in the admin and at the API."""

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
    """The change set of the deletion of a team with two members on its page."""
    team = TeamFactory(name="Night Watch")
    HeroFactory(name="Lamplighter", team=team, secret_name="Edith Wren")
    HeroFactory(name="Owl", team=team)
    editor_browser.post(f"/teams/{team.pk}/delete/")
    return ChangeSet.objects.latest("pk")


def last():
    return ChangeSet.objects.latest("pk")


def test_an_editor_previews_an_undo_and_confirms_it(deletion, editor_browser):
    details = read(editor_browser.get(f"/history/{deletion.pk}/"))
    address = details.one("a", href=f"/history/{deletion.pk}/undo/")["href"]
    page = read(editor_browser.get(address))
    for message in (
        "Night Watch will be restored",
        "Lamplighter will be changed back",
        "Owl will be changed back",
    ):
        assert message in page.text
    assert not Team.objects.exists(), "a preview changes nothing"
    response = editor_browser.post(address, follow=True)
    assert "Undone: 1 team restored, 2 heroes changed back." in read(response).text
    assert Team.objects.get().heroes.count() == 2
    undo = last()
    assert (undo.undoes, undo.source, undo.username) == (deletion, "website", "editor")
    assert "Undone by change" in read(editor_browser.get(address)).text
    again = editor_browser.post(address)
    assert again.status_code == 409
    assert "None of these changes can be undone." in read(again).text


def test_staff_undo_a_change_set_in_the_admin(deletion, editor_browser, reader):
    page = read(editor_browser.get("/admin/records/changeset/"))
    address = f"/admin/records/changeset/{deletion.pk}/undo/"
    assert page.all("a", href=address)
    details = read(editor_browser.get(f"/admin/records/changeset/{deletion.pk}/change/"))
    assert details.all("a", href=address)
    assert not details.one("main").all("input", type="submit")
    preview = read(editor_browser.get(address))
    assert "Night Watch will be restored" in preview.text
    response = editor_browser.post(address, follow=True)
    assert "Undone: 1 team restored, 2 heroes changed back." in read(response).text
    assert (last().undoes, last().source, last().username) == (deletion, "admin", "editor")
    assert response.redirect_chain == [(f"/admin/records/changeset/{last().pk}/change/", 302)]
    for restricted in ("/admin/records/changeset/", address):
        assert browser(reader).get(restricted).status_code != 200


def test_later_changes_are_undone_on_request_only(deletion, editor_browser):
    owl = Hero.objects.get(name="Owl")
    owl.age = 7
    owl.save()
    address = f"/history/{deletion.pk}/undo/"
    page = read(editor_browser.get(address))
    assert "Owl: Has since been changed." in page.text
    link = [link for link in page.all("a") if link["href"] == "?anyway=yes"]
    assert link
    with_later_changes = read(editor_browser.get(f"{address}?anyway=yes"))
    assert "Owl will be changed back" in with_later_changes.text
    editor_browser.post(address, {"anyway": "yes"})
    owl.refresh_from_db()
    assert (owl.team.name, owl.age) == ("Night Watch", 7)


@pytest.mark.parametrize("method", ["get", "post"])
def test_visitors_are_redirected_to_sign_in_and_readers_are_refused(method, deletion, reader):
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
    preview = editor_browser.get(address)
    assert "41" in read(preview).text
    assert "Edith" not in preview.content.decode()
    assert editor_browser.post(address).status_code == 302
    hero.refresh_from_db()
    assert (hero.age, hero.secret_name, hero.version) == (41, "Edith Wren", 3)


def test_an_invalid_revert_shows_the_error_and_changes_nothing(editor_browser):
    hero = HeroFactory(name="Lamplighter")
    hero.name = "Lamp"
    hero.save()
    HeroFactory(name="Lamplighter")
    response = editor_browser.post(f"/heroes/{hero.pk}/history/1/revert/")
    assert response.status_code == 409
    assert "There is already a hero named “Lamplighter”." in read(response).text
    assert Hero.objects.get(pk=hero.pk).version == 2


@pytest.mark.parametrize("version", ["0", "9", "9" * 30])
def test_an_unknown_version_is_not_found(version, editor_browser):
    hero = HeroFactory()
    assert editor_browser.post(f"/heroes/{hero.pk}/history/{version}/revert/").status_code == 404


def test_revert_needs_permission_to_change_the_record(reader):
    hero = HeroFactory(age=1)
    hero.age = 2
    hero.save()
    assert browser(reader).post(f"/heroes/{hero.pk}/history/1/revert/").status_code == 403
    assert browser().post(f"/heroes/{hero.pk}/history/1/revert/").status_code == 302
    assert Hero.objects.get().age == 2


# At the API ----------------------------------------------------------------------------------


def test_an_undo_with_and_without_dry_run(deletion, editor, editor_program):
    address = f"/api/v1/changesets/{deletion.pk}/undo"
    dry_run = editor_program.post(f"{address}?dry_run=true")
    assert (dry_run.status_code, dry_run.json()["change_set"], dry_run.json()["done_count"]) == (200, None, 3)
    assert not Team.objects.exists()
    done = editor_program.post(f"{address}/")
    assert {step["action"] for step in done.json()["done"]} == {"add", "change"}
    undo = ChangeSet.objects.get(pk=done.json()["change_set"])
    assert (undo.undoes, undo.source, undo.username) == (deletion, "api", "editor")
    assert Team.objects.get().heroes.count() == 2
    again = editor_program.post(address)
    assert (again.status_code, again["Content-Type"]) == (409, "application/problem+json")
    assert f"They were undone by change set {undo.pk}" in again.json()["detail"]


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
    response = editor_program.post(f"/api/v1/changesets/{deletion.pk}/undo/{query}", body)
    assert response.status_code == status, response.content
    assert not Team.objects.exists()


@pytest.mark.parametrize("key", ["0", "abc", "9" * 30, "٣"])
def test_an_unknown_change_set_is_not_found(key, editor_program):
    response = editor_program.post(f"/api/v1/changesets/{key}/undo/")
    assert (response.status_code, response.json()["detail"]) == (404, f"No change set has the id {key}.")


def test_undo_needs_permission_and_a_token_that_can_write(deletion, reader, editor):
    address = f"/api/v1/changesets/{deletion.pk}/undo/"
    assert program().post(address).status_code == 401
    assert program(reader).post(address).status_code == 403
    assert program(editor, read_only=True).post(address).status_code == 403
    assert not Team.objects.exists()


def test_an_undo_that_is_sent_again_with_its_key_is_done_once(deletion, editor_program):
    address, headers = f"/api/v1/changesets/{deletion.pk}/undo", {"Idempotency-Key": "undo-1"}
    dry_run = editor_program.post(f"{address}?dry_run=true", headers=headers)
    assert dry_run.json()["change_set"] is None
    first, second = (editor_program.post(address, headers=headers) for _time in range(2))
    assert (first.status_code, first.content) == (200, second.content)
    assert ("Idempotency-Replayed" in first, second["Idempotency-Replayed"]) == (False, "true")
    assert editor_program.post(address, {"anyway": True}, headers=headers).status_code == 422
    assert editor_program.post(f"{address}?dry_run=true", headers={"Idempotency-Key": ""}).status_code == 400
    assert ChangeSet.objects.filter(undoes=deletion).count() == 1


@pytest.fixture
def hero_and_revert_url():
    """A hero at version 2, and the address that reverts it to version 1."""
    hero = HeroFactory(name="Lamplighter", secret_name="Edith Wren", age=41, team=None)
    hero.age, hero.secret_name = 7, "Nora Vane"
    hero.save()
    return hero, f"/api/v1/heroes/{hero.pk}/history/1/revert"


@pytest.mark.parametrize("who", ["editor", "keeper"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_the_api_reverts_a_record(who, slash, hero_and_revert_url, request):
    _hero, address = hero_and_revert_url
    response = request.getfixturevalue(f"{who}_program").post(f"{address}{slash}")
    assert (response.status_code, response.json()["age"], response.json()["version"]) == (200, 41, 3)
    assert response["ETag"].startswith('"3-')
    assert response.json().get("secret_name") == ("Edith Wren" if who == "keeper" else None)
    assert (last().source, last().username) == ("api", who)


def test_a_revert_is_conditional_and_done_once(hero_and_revert_url, editor_program):
    _hero, address = hero_and_revert_url
    stale = editor_program.post(address, headers={"If-Match": '"1-' + "0" * 32 + '"'})
    assert (stale.status_code, stale.json()["version"]) == (412, 2)
    headers = {"If-Match": '"2-' + "0" * 32 + '"', "Idempotency-Key": "revert-1"}
    first, second = (editor_program.post(address, headers=headers) for _time in range(2))
    assert (first.status_code, first.content) == (200, second.content)
    assert second["Idempotency-Replayed"] == "true"
    assert Hero.objects.get().version == 3


def test_revert_restores_a_deleted_record(hero_and_revert_url, editor_program):
    hero, address = hero_and_revert_url
    Hero.objects.all().delete()
    assert editor_program.post(address, headers={"If-Match": "*"}).status_code == 412
    response = editor_program.post(address)
    assert (response.status_code, response.json()["id"], response.json()["version"]) == (200, hero.pk, 4)
    deletion = editor_program.post(address.replace("history/1/", "history/3/"))
    assert deletion.status_code == 409
    assert "Choose an earlier one." in deletion.json()["detail"]


def test_an_invalid_revert_is_rejected_with_a_reason(hero_and_revert_url, editor_program, reader):
    hero, address = hero_and_revert_url
    for version in ("0", "9", "x", "9" * 30, "1%00"):
        unknown = address.replace("history/1/", f"history/{version}/")
        assert editor_program.post(unknown).status_code in (400, 404)
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
