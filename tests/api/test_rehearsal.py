"""``?dry_run=true``: what a write would answer and change, and nothing is changed."""

import pytest
from django.core import serializers

from heroes.models import Hero
from heroesite.api.models import IdempotencyKey
from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.audit.disclosures import Disclosure
from heroesite.records.models.base import record_models
from tests.factories import HeroFactory, TeamFactory
from tests.people import browser, program

pytestmark = pytest.mark.django_db
OWL = {"name": "Owl", "secret_name": "Nora Hidden", "age": 41}
WRITES = {
    "create": ("post", "/api/v1/heroes/", OWL),
    "create with faults": ("post", "/api/v1/heroes/", {"name": "Lamplighter", "age": -1}),
    "replace": ("put", "/api/v1/heroes/{hero}", OWL),
    "change": ("patch", "/api/v1/heroes/{hero}", {"age": 7}),
    "change nothing": ("patch", "/api/v1/heroes/{hero}", {"age": 41}),
    "change with faults": ("patch", "/api/v1/heroes/{hero}", {"age": "x"}),
    "delete": ("delete", "/api/v1/heroes/{hero}", None),
    "delete a team": ("delete", "/api/v1/teams/{team}", None),
    "create many": ("post", "/api/v1/heroes/bulk/", [OWL, {**OWL, "name": "Crow"}]),
    "change many": ("patch", "/api/v1/heroes/bulk/", [{"id": "{hero}", "age": 7}]),
    "delete many": ("delete", "/api/v1/teams/bulk/", [{"id": "{team}"}]),
    "no such hero": ("patch", "/api/v1/heroes/999999", {"age": 7}),
    "revert": ("post", "/api/v1/heroes/{hero}/history/1/revert", None),
}
writes = pytest.mark.parametrize("what", WRITES)


@pytest.fixture
def hero():
    hero = HeroFactory(name="Lamplighter", age=40, team=TeamFactory())
    hero.age = 41
    hero.save()
    return hero


def everything():
    tables = [
        *record_models(),
        *(kind.history.model for kind in record_models()),
        ChangeSet,
        IdempotencyKey,
        Disclosure,
    ]
    return [serializers.serialize("json", table._base_manager.order_by("pk")) for table in tables]


def send(client, what, hero, query="", **headers):
    method, address, body = WRITES[what]
    ids = {"{hero}": hero.pk, "{team}": hero.team_id}
    if isinstance(body, list):
        body = [{name: ids.get(value, value) for name, value in item.items()} for item in body]
    address = address.format(hero=hero.pk, team=hero.team_id)
    return getattr(client, method)(f"{address}{query}", body, headers=headers)


def shorn(body):
    """An answer without what is given out when it is done, or by the clock."""
    if isinstance(body, list):
        return [shorn(row) for row in body]
    if not isinstance(body, dict):
        return body
    given = {"id", "updated_at", "created_at", "request_id"}
    return {name: shorn(value) for name, value in body.items() if name not in given}


@writes
@pytest.mark.parametrize("who", ["editor", "keeper"])
def test_it_tells_the_answer_and_changes_nothing(what, who, hero, request):
    client = request.getfixturevalue(f"{who}_program")
    before = everything()
    rehearsed = send(client, what, hero, "?dry_run=true")
    assert everything() == before
    last = ChangeSet.objects.latest("pk").pk
    done = send(client, what, hero)
    if done.status_code >= 400:
        assert rehearsed.status_code == done.status_code
        assert shorn(rehearsed.json()) == shorn(done.json())
        return
    told = rehearsed.json()
    assert (rehearsed.status_code, told["dry_run"], told["status"]) == (200, True, done.status_code)
    answered = done.json() if done.content else None
    for row in (answered or {}).get("results", [answered or {}]):
        row.pop("secret_name", None)
    assert shorn(told["body"]) == shorn(answered)
    made = {
        (kind._meta.model_name, entry.name, entry.history_type)
        for kind in record_models()
        for entry in kind.history.filter(change_set__gt=last)
    }
    letters = {"created": "+", "changed": "~", "deleted": "-"}
    assert {(one["kind"], one["name"], letters[one["action"]]) for one in told["changes"]} == made
    assert told["change_count"] == len(made)


def test_it_tells_what_else_would_be_touched(hero, editor_program):
    HeroFactory(name="Owl", team=hero.team)
    told = editor_program.delete(f"/api/v1/teams/{hero.team_id}?dry_run=true").json()
    changes = [(change["kind"], change["name"], change["action"]) for change in told["changes"]]
    assert sorted(changes) == [
        ("hero", "Lamplighter", "changed"),
        ("hero", "Owl", "changed"),
        ("team", hero.team.name, "deleted"),
    ]


def test_it_shows_no_secret_and_notes_none(hero, keeper_program):
    for what in ("create", "change", "create many", "replace"):
        assert b"secret_name" not in send(keeper_program, what, hero, "?dry_run=true").content
    assert not Disclosure.objects.exists()


def test_its_key_is_judged_and_not_used(hero, editor_program):
    assert (
        send(editor_program, "create", hero, "?dry_run=true", **{"Idempotency-Key": "a b"}).status_code == 400
    )
    assert (
        send(editor_program, "create", hero, "?dry_run=true", **{"Idempotency-Key": "a"}).status_code == 200
    )
    answer = send(editor_program, "create", hero, **{"Idempotency-Key": "a"})
    assert (answer.status_code, "Idempotency-Replayed" in answer) == (201, False)


@pytest.mark.parametrize(
    "query", ["?dry_run=yes", "?dry_run=", "?dry_run=true&dry_run=true", "?dry-run=true"]
)
def test_a_rehearsal_that_is_not_asked_for_rightly_does_nothing(query, hero, editor_program):
    before = everything()
    assert send(editor_program, "delete", hero, query).status_code == 400
    assert everything() == before


def test_what_would_come_back_has_its_id_and_what_would_be_made_has_none(hero, editor_program):
    hero.delete()
    back = send(editor_program, "revert", hero, "?dry_run=true").json()
    assert [change["id"] for change in back["changes"]] == [hero.pk]
    made = send(editor_program, "create", hero, "?dry_run=true").json()
    assert [change["id"] for change in made["changes"]] == [None]


def test_a_key_that_counts_for_nothing_is_not_judged(hero, editor_program):
    for query in ("", "?dry_run=true"):
        deletion = send(editor_program, "no such hero", hero, query, **{"Idempotency-Key": "a b"})
        assert deletion.status_code == 400
    assert (
        send(editor_program, "delete", hero, "?dry_run=true", **{"Idempotency-Key": "a b"}).status_code == 200
    )
    assert send(editor_program, "delete", hero, **{"Idempotency-Key": "a b"}).status_code == 204


def test_who_may_not_write_may_not_rehearse(hero, reader):
    for client in (program(reader), program(), browser()):
        assert send(client, "delete", hero, "?dry_run=true").status_code in (401, 403)


def test_conditions_hold_as_they_would(hero, editor_program):
    stale = {"If-Match": '"1-' + "0" * 32 + '"'}
    assert send(editor_program, "change", hero, "?dry_run=true", **stale).status_code == 412
    assert Hero.objects.get().version == 2
