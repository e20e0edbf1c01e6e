"""``?dry_run=true`` describes the response and the changes of a write, and changes nothing."""

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
    "create with errors": ("post", "/api/v1/heroes/", {"name": "Lamplighter", "age": -1}),
    "replace": ("put", "/api/v1/heroes/{hero}", OWL),
    "change": ("patch", "/api/v1/heroes/{hero}", {"age": 7}),
    "no change": ("patch", "/api/v1/heroes/{hero}", {"age": 41}),
    "change with errors": ("patch", "/api/v1/heroes/{hero}", {"age": "x"}),
    "delete": ("delete", "/api/v1/heroes/{hero}", None),
    "delete a team": ("delete", "/api/v1/teams/{team}", None),
    "create many": ("post", "/api/v1/heroes/bulk/", [OWL, {**OWL, "name": "Crow"}]),
    "change many": ("patch", "/api/v1/heroes/bulk/", [{"id": "{hero}", "age": 7}]),
    "delete many": ("delete", "/api/v1/teams/bulk/", [{"id": "{team}"}]),
    "no such hero": ("patch", "/api/v1/heroes/999999", {"age": 7}),
    "revert": ("post", "/api/v1/heroes/{hero}/history/1/revert", None),
}
writes = pytest.mark.parametrize("write", WRITES)


@pytest.fixture
def hero():
    hero = HeroFactory(name="Lamplighter", age=40, team=TeamFactory())
    hero.age = 41
    hero.save()
    return hero


def everything():
    """Return all rows that a write could change."""
    tables = [
        *record_models(),
        *(model.history.model for model in record_models()),
        ChangeSet,
        IdempotencyKey,
        Disclosure,
    ]
    return [serializers.serialize("json", table._base_manager.order_by("pk")) for table in tables]


def send(client, write, hero, query="", **headers):
    method, address, body = WRITES[write]
    ids = {"{hero}": hero.pk, "{team}": hero.team_id}
    if isinstance(body, list):
        body = [{name: ids.get(value, value) for name, value in item.items()} for item in body]
    address = address.format(hero=hero.pk, team=hero.team_id)
    return getattr(client, method)(f"{address}{query}", body, headers=headers)


def comparable(body):
    """Return a body without ids that are assigned by the write, and without times."""
    if isinstance(body, list):
        return [comparable(row) for row in body]
    if not isinstance(body, dict):
        return body
    varying = {"id", "updated_at", "created_at", "request_id"}
    return {name: comparable(value) for name, value in body.items() if name not in varying}


@writes
@pytest.mark.parametrize("who", ["editor", "keeper"])
def test_it_describes_the_write_and_changes_nothing(write, who, hero, request):
    client = request.getfixturevalue(f"{who}_program")
    before = everything()
    dry_run = send(client, write, hero, "?dry_run=true")
    assert everything() == before
    last = ChangeSet.objects.latest("pk").pk
    done = send(client, write, hero)
    if done.status_code >= 400:
        assert dry_run.status_code == done.status_code
        assert comparable(dry_run.json()) == comparable(done.json())
        return
    described = dry_run.json()
    assert (dry_run.status_code, described["dry_run"], described["status"]) == (200, True, done.status_code)
    body = done.json() if done.content else None
    for row in (body or {}).get("results", [body or {}]):
        row.pop("secret_name", None)
    assert comparable(described["body"]) == comparable(body)
    changes = {
        (model._meta.model_name, entry.name, entry.history_type)
        for model in record_models()
        for entry in model.history.filter(change_set__gt=last)
    }
    types = {"created": "+", "changed": "~", "deleted": "-"}
    assert {(one["kind"], one["name"], types[one["action"]]) for one in described["changes"]} == changes
    assert described["change_count"] == len(changes)


def test_it_lists_the_changes_to_linked_records(hero, editor_program):
    HeroFactory(name="Owl", team=hero.team)
    described = editor_program.delete(f"/api/v1/teams/{hero.team_id}?dry_run=true").json()
    changes = [(change["kind"], change["name"], change["action"]) for change in described["changes"]]
    assert sorted(changes) == [
        ("hero", "Lamplighter", "changed"),
        ("hero", "Owl", "changed"),
        ("team", hero.team.name, "deleted"),
    ]


def test_it_shows_no_secret_name_and_logs_no_access(hero, keeper_program):
    for write in ("create", "change", "create many", "replace"):
        assert b"secret_name" not in send(keeper_program, write, hero, "?dry_run=true").content
    assert not Disclosure.objects.exists()


def test_its_key_is_validated_and_not_used(hero, editor_program):
    assert (
        send(editor_program, "create", hero, "?dry_run=true", **{"Idempotency-Key": "a b"}).status_code == 400
    )
    assert (
        send(editor_program, "create", hero, "?dry_run=true", **{"Idempotency-Key": "a"}).status_code == 200
    )
    response = send(editor_program, "create", hero, **{"Idempotency-Key": "a"})
    assert (response.status_code, "Idempotency-Replayed" in response) == (201, False)


@pytest.mark.parametrize(
    "query", ["?dry_run=yes", "?dry_run=", "?dry_run=true&dry_run=true", "?dry-run=true"]
)
def test_an_invalid_query_does_nothing(query, hero, editor_program):
    before = everything()
    assert send(editor_program, "delete", hero, query).status_code == 400
    assert everything() == before


def test_a_restored_record_has_its_id_and_a_new_one_has_none(hero, editor_program):
    hero.delete()
    restored = send(editor_program, "revert", hero, "?dry_run=true").json()
    assert [change["id"] for change in restored["changes"]] == [hero.pk]
    created = send(editor_program, "create", hero, "?dry_run=true").json()
    assert [change["id"] for change in created["changes"]] == [None]


def test_a_key_is_ignored_where_none_is_supported(hero, editor_program):
    for query in ("", "?dry_run=true"):
        response = send(editor_program, "no such hero", hero, query, **{"Idempotency-Key": "a b"})
        assert response.status_code == 400
    assert (
        send(editor_program, "delete", hero, "?dry_run=true", **{"Idempotency-Key": "a b"}).status_code == 200
    )
    assert send(editor_program, "delete", hero, **{"Idempotency-Key": "a b"}).status_code == 204


def test_it_requires_the_permission_to_write(hero, reader):
    for client in (program(reader), program(), browser()):
        assert send(client, "delete", hero, "?dry_run=true").status_code in (401, 403)


def test_conditions_are_checked(hero, editor_program):
    stale = {"If-Match": '"1-' + "0" * 32 + '"'}
    assert send(editor_program, "change", hero, "?dry_run=true", **stale).status_code == 412
    assert Hero.objects.get().version == 2
