"""Writes with plans have the same responses and the same effects as writes without plans."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from heroes.models import Hero
from heroesite.api.models import MAX_DAYS, ApiToken
from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.audit.disclosures import Disclosure
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.people import person

NOW = datetime(2030, 1, 2, 3, 4, 5, 678_901, UTC)
ROLES = ["reader", "editor", "keeper", "administrator", "read-only", "revoked"]
NEW = {"name": "Wren", "secret_name": "Nora", "age": 5, "team_id": "TEAM"}
WRITES: dict[str, tuple[str, str, Any]] = {
    "new": ("POST", "heroes/", NEW),
    "new without a slash": ("POST", "heroes", NEW),
    "new with unnormalized text": ("POST", "heroes/", {**NEW, "name": "  Straße\u00a0\u00c9 ", "age": 7.0}),
    "new without a team": ("POST", "heroes/", {"name": "Wren", "secret_name": "Nora"}),
    "new team": ("POST", "teams/", {"name": "Wrens", "headquarters": "Nest"}),
    "name taken": ("POST", "heroes/", {**NEW, "name": "OWL"}),
    "name and team wrong": ("POST", "heroes/", {"name": "owl", "team_id": 900_000}),
    "no such team": ("POST", "heroes/", {**NEW, "team_id": 900_000}),
    "huge team": ("POST", "heroes/", {**NEW, "team_id": 10**30}),
    "team of another type": ("POST", "heroes/", {**NEW, "team_id": True}),
    "control character": ("POST", "heroes/", {**NEW, "name": "W\0ren"}),
    "surrogate": ("POST", "heroes/", '{"name": "\\ud800", "secret_name": "x"}'),
    "long name": ("POST", "heroes/", {**NEW, "name": "x" * 300}),
    "other types": ("POST", "heroes/", {"name": 5, "secret_name": None, "age": "5", "team_id": [1]}),
    "unknown member": ("POST", "heroes/", {**NEW, "nmae": 1}),
    "array": ("POST", "heroes/", [NEW]),
    "no JSON": ("POST", "heroes/", "{"),
    "twice the same member": ("POST", "heroes/", '{"name": "A", "name": "B"}'),
    "empty": ("POST", "heroes/", ""),
    "POST to a record": ("POST", "heroes/HERO", NEW),
    "change": ("PATCH", "heroes/HERO", {"age": 42}),
    "change with a slash": ("PATCH", "heroes/HERO/", {"age": 42}),
    "no change": ("PATCH", "heroes/HERO", {"age": 41}),
    "secret name": ("PATCH", "heroes/HERO", {"secret_name": "Bo"}),
    "rename": ("PATCH", "heroes/HERO", {"name": "Owlet"}),
    "rename to a name taken": ("PATCH", "heroes/HERO", {"name": "\u00e9clair"}),
    "move": ("PATCH", "heroes/HERO", {"team_id": None}),
    "stale version": ("PATCH", "heroes/HERO", {"age": 42, "version": 9}),
    "same version": ("PATCH", "heroes/HERO", {"age": 42, "version": 1}),
    "team": ("PATCH", "teams/TEAM", {"headquarters": "Nest"}),
    "no such hero": ("PATCH", "heroes/900000", {"age": 42}),
    "replace": ("PUT", "heroes/HERO", NEW),
    "delete": ("DELETE", "heroes/HERO", ""),
    "delete a team": ("DELETE", "teams/TEAM", ""),
    "delete with a body": ("DELETE", "heroes/HERO", {}),
    "delete the list": ("DELETE", "heroes/", ""),
    "dry run": ("PATCH", "heroes/HERO?dry_run=true", {"age": 42}),
    "unknown parameter": ("PATCH", "heroes/HERO?x=1", {"age": 42}),
}
SUCCESSFUL = [
    *("new", "new without a slash", "new with unnormalized text", "new without a team", "new team"),
    *("change", "change with a slash", "no change", "secret name", "rename", "move", "same version", "team"),
    *("delete", "delete a team"),
]
HEADERS: list[dict[str, str]] = [
    {"If-Match": "*"},
    {"If-Match": '"1-00000000000000000000000000000000"'},
    {"If-Match": '"2-00000000000000000000000000000000"'},
    {"If-None-Match": "*"},
    {"Idempotency-Key": "once"},
    {"Accept": "text/html"},
    {"Accept": "application/json"},
    {"Accept": "application/json; indent=2"},
    {"Host": "nowhere.example.org"},
    {"Origin": "https://a.example.org"},
    {"Cookie": "csrftoken=x"},
    {"Content-Type": "application/json; charset=utf-8"},
    {"Content-Type": "text/plain"},
    {"Content-Encoding": "gzip"},
    {"Content-Range": "bytes 0-1/2"},
]


@pytest.fixture
def register(db):
    """Return the ids of a hero and a team, and each role's token."""
    team = TeamFactory(name="Alpha")
    hero = HeroFactory(name="Owl", secret_name="Bo", age=41, team=team)
    HeroFactory(name="Éclair", team=team)
    users = {
        "reader": person("reader"),
        "editor": person("editor"),
        "keeper": person("keeper", "Keepers"),
        "administrator": person("administrator", superuser=True),
    }
    # Not by a group: a test that empties all tables deletes those of the migrations.
    kinds = [f"{action}_{kind}" for action in ("add", "change", "delete") for kind in ("hero", "team")]
    users["editor"].user_permissions.set(Permission.objects.filter(codename__in=kinds))
    tokens = {name: ApiToken.objects.issue(user, name=name, days=MAX_DAYS)[1] for name, user in users.items()}
    tokens["read-only"] = ApiToken.objects.issue(users["editor"], read_only=True, days=MAX_DAYS)[1]
    tokens["revoked"] = "0" * 64
    return {"HERO": hero.pk, "TEAM": team.pk}, tokens


@pytest.fixture
def frozen(monkeypatch):
    """Stop the clock, so that the same write has the same response."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


def send(client: Client, write: str, token: str, ids: dict[str, int], headers: dict[str, str]) -> Any:
    method, path, body = WRITES[write]
    for name, pk in ids.items():
        path = path.replace(name, str(pk))
    if not isinstance(body, str):
        body = json.dumps(body).replace('"TEAM"', str(ids["TEAM"]))
    content_type = headers.get("Content-Type", "application/json" if body else "")
    sent = {name: text for name, text in headers.items() if name != "Content-Type"}
    sent |= {"Authorization": f"Bearer {token}", "X-Request-Id": "the-same"}
    response = client.generic(method, f"/api/v1/{path}", body, content_type, headers=sent)
    client.cookies.clear()
    return response


def comparable(response: Any) -> tuple[int, dict[str, str], str]:
    """Return the status, the headers and the content of a response.

    Those of a new record are without the id that was assigned and the time of the creation. The tag depends
    on both, so only its version is compared.
    """
    headers, content = {**response.headers}, response.content.decode()
    headers.pop("Expires", None)
    if response.status_code == 201:
        pk, created = response.json()["id"], response.json()["created_at"]
        headers["ETag"] = headers["ETag"].partition("-")[0]
        headers["Location"] = headers["Location"].replace(f"/{pk}", "/ID")
        del headers["Content-Length"]
        content = re.sub(rf'"id": ?{pk}\b', '"id":ID', content, count=1).replace(created, "CREATED")
    return response.status_code, headers, content


def effects() -> Any:
    """Return the records, the history and the disclosures, without the ids that were assigned."""
    records = [
        sorted(map(repr, model.objects.order_by("name_key").values_list(*names)))
        for model in (Hero, Team)
        for names in [[field.name for field in model._meta.fields if field.name not in {"id", "created_at"}]]
    ]
    entries = [
        list(
            model.history.order_by("history_id").values_list(
                *(*model.FIELDS, "version", "updated_at", "history_type", "history_date", "blind_fields"),
                *("change_set__source", "change_set__username", "change_set__token"),
            )
        )
        for model in (Hero, Team)
    ]
    counts = list(ChangeSet.objects.order_by("id").values_list("entry_counts", "at"))
    return records, entries, counts, Disclosure.objects.count()


def outcome(client: Client, *arguments: Any) -> tuple[Any, Any]:
    """Send a request and roll back what it writes. Return the response, and all of it that is comparable."""
    with transaction.atomic():
        response = send(client, *arguments)
        found = comparable(response), effects()
        transaction.set_rollback(True)
    return response, found


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("write", WRITES)
def test_responses_and_effects_are_the_same_as_without_plans(
    write, role, register, unlimited, frozen, fast, ordinary
):
    ids, tokens = register
    expected = outcome(ordinary, write, tokens[role], ids, {})[1]
    address = WRITES[write][:2]
    makes_plan = next((each for each in SUCCESSFUL if WRITES[each][:2] == address), write)
    outcome(fast, makes_plan, tokens["editor"], ids, {})
    response, found = outcome(fast, write, tokens[role], ids, {})
    assert found == expected
    is_planned = hasattr(response.wsgi_request, "is_planned")
    can_see_all = role in {"keeper", "administrator"} and "heroes" in address[1]
    can_write = role in {"editor", "keeper", "administrator"}
    assert is_planned == (write in SUCCESSFUL and can_write and not can_see_all)


@pytest.mark.parametrize("write", ["new", "change", "replace", "delete", "rename to a name taken"])
def test_headers_have_the_same_effect_as_without_plans(
    write, register, unlimited, frozen, fast, ordinary, settings
):
    settings.CORS_ALLOWED_ORIGINS = ["https://a.example.org"]
    ids, tokens = register
    for headers in HEADERS:
        expected = outcome(ordinary, write, tokens["editor"], ids, headers)[1]
        for _time in range(3):
            assert outcome(fast, write, tokens["editor"], ids, headers)[1] == expected, headers


def test_planned_writes_count_towards_the_limits(register, fast, settings):
    settings.LIMITS = {"user": 0, "token": 3, "address": 0}
    ids, tokens = register
    responses = [send(fast, "change", tokens["editor"], ids, {}) for _time in range(5)]
    assert [response.status_code for response in responses] == [200, 200, 200, 429, 429]
    assert [response["RateLimit"].split(";")[1] for response in responses] == [
        *("r=2", "r=1", "r=0", "r=0", "r=0")
    ]
    assert [hasattr(response.wsgi_request, "is_planned") for response in responses] == [
        *(False, True, True, False, False)
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("restore_groups")
def test_a_planned_write_takes_two_statements_on_postgresql(register, unlimited, fast):
    ids, tokens = register
    for write in ("new", "change", "delete"):
        headers: dict[str, str] = {}
        for number in range(3):
            hero = HeroFactory(name=f"Rook {write} {number}", secret_name="Bo", age=0)
            Hero.objects.filter(name="Wren").delete()
            with CaptureQueriesContext(connection) as queries:
                response = send(fast, write, tokens["editor"], {**ids, "HERO": hero.pk}, headers)
        assert response.status_code < 300
        assert response.wsgi_request.is_planned
        if connection.vendor == "postgresql":
            assert len(queries) == 2, [query["sql"] for query in queries]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("restore_groups")
@pytest.mark.parametrize("write", ["name taken", "name and team wrong", "no such team", "control character"])
def test_what_is_looked_up_together_with_the_caller_is_validated_as_without_plans(
    write, register, unlimited, fast, ordinary
):
    ids, tokens = register
    for _time in range(2):
        send(fast, "new", tokens["editor"], ids, {})
        Hero.objects.filter(name="Wren").delete()
    expected = send(ordinary, write, tokens["editor"], ids, {})
    response = send(fast, write, tokens["editor"], ids, {})
    assert (response.status_code, response.json()) == (422, expected.json())


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("restore_groups")
def test_a_name_that_is_taken_after_it_was_looked_up_is_an_error(register, unlimited, fast, monkeypatch):
    ids, tokens = register
    for _time in range(2):
        send(fast, "new", tokens["editor"], ids, {})
        Hero.objects.filter(name="Wren").delete()
    save = Hero.save

    def save_late(hero: Hero, **arguments: Any) -> None:
        monkeypatch.setattr(Hero, "save", save)
        HeroFactory(name="wren")
        save(hero, **arguments)

    monkeypatch.setattr(Hero, "save", save_late)
    response = send(fast, "new", tokens["editor"], ids, {})
    assert Hero.objects.filter(name_key="wren").count() == 1
    if connection.vendor == "postgresql":  # on SQLite, both are in one transaction, which is rolled back
        assert response.status_code == 422
        assert "There is already a hero named “wren”." in response.json()["errors"][0]["message"]


def test_if_a_plan_fails_before_it_writes_the_view_responds(
    register, unlimited, frozen, fast, monkeypatch, caplog
):
    ids, tokens = register
    responses = [outcome(fast, "new", tokens["editor"], ids, {}) for _time in range(2)]
    assert hasattr(responses[1][0].wsgi_request, "is_planned")
    monkeypatch.setattr("heroesite.records.api.fast_writes.is_allowed", lambda *_arguments: 1 / 0)
    responses.append(outcome(fast, "new", tokens["editor"], ids, {}))
    assert "A plan for /api/v1/heroes/ failed." in caplog.text
    assert not hasattr(responses[2][0].wsgi_request, "is_planned")
    assert [found for _response, found in responses] == [responses[0][1]] * 3


class BrokenUpload(BytesIO):
    def read(self, *_arguments: Any) -> bytes:
        raise ConnectionResetError


UPLOADS: dict[str, Callable[[], BytesIO]] = {
    "an error": BrokenUpload,
    "fewer bytes": lambda: BytesIO(b'{"age": 4}'),
}


@pytest.mark.parametrize("upload", UPLOADS)
def test_an_incomplete_body_is_reported_in_english(upload, register, unlimited, fast, ordinary):
    ids, tokens = register
    send(fast, "change", tokens["editor"], ids, {})
    found = []
    for client in (ordinary, fast):
        with translation.override("de"):
            response = client.patch(
                f"/api/v1/heroes/{ids['HERO']}",
                '{"age": 4}',
                "application/json",
                headers={"Authorization": f"Bearer {tokens['editor']}", "X-Request-Id": "the-same"},
                **{"wsgi.input": UPLOADS[upload](), "CONTENT_LENGTH": "20"},
            )
        found.append(comparable(response))
    assert found[0] == found[1]
    assert response.status_code == 400
    assert response.json()["detail"] == "The request body is incomplete. Send the request again."


@pytest.mark.parametrize(
    ("error", "status"), [(psycopg.errors.LockNotAvailable(), 503), (RuntimeError("a bug"), 500)]
)
@pytest.mark.parametrize("is_written", [False, True])
def test_errors_while_writing_are_reported_in_english(
    error, status, is_written, register, unlimited, frozen, fast, ordinary, monkeypatch
):
    ids, tokens = register
    for client in (ordinary, fast):
        client.raise_request_exception = False
    outcome(fast, "change", tokens["editor"], ids, {})
    saved = []
    save = Hero.save

    def fail(hero: Hero, **arguments: Any) -> None:
        saved.append(hero)
        if is_written:
            save(hero, **arguments)
        raise error

    monkeypatch.setattr(Hero, "save", fail)
    found = []
    for client in (ordinary, fast):
        saved.clear()
        with translation.override("de"):
            found.append((outcome(client, "change", tokens["editor"], ids, {})[1], len(saved)))
    assert found[0] == found[1]
    assert found[0][0][0][0] == status


def test_the_response_of_a_keeper_is_no_plan_for_others(register, unlimited, frozen, fast, ordinary):
    ids, tokens = register
    expected = outcome(ordinary, "change", tokens["editor"], ids, {})[1]
    for role in ("keeper", "keeper", "editor", "editor"):
        found = outcome(fast, "change", tokens[role], ids, {})[1]
    assert found == expected


def test_each_scheme_has_its_own_responses(register, unlimited, frozen, fast, ordinary, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ids, tokens = register
    for scheme in ("http", "https", "http", "https"):
        headers = {"X-Forwarded-Proto": scheme}
        response, found = outcome(fast, "new", tokens["editor"], ids, headers)
        assert response["Location"].startswith(f"{scheme}://")
        assert found == outcome(ordinary, "new", tokens["editor"], ids, headers)[1]
