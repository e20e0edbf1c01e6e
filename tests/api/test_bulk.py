"""Bulk requests: all records are written or none, by the same rules as one at a time."""

import json
from io import BytesIO
from time import process_time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heroes.models import Hero
from heroesite.api.parsers import StrictJSONParser
from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.audit.disclosures import Disclosure
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.people import browser, program

pytestmark = pytest.mark.django_db
BULK = "/api/v1/heroes/bulk/"
MANY = 1000


def items(count):
    return [{"name": f"Hero number {n}", "secret_name": "Nora Hidden", "age": n} for n in range(count)]


def errors(response, status=422):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    return [(error["pointer"], error["code"]) for error in response.json()["errors"]]


# Cost ---------------------------------------------------------------------------------------


def test_a_thousand_are_created_changed_and_deleted_in_few_queries(editor_program):
    most = 30 if connection.vendor == "postgresql" else 60
    team = TeamFactory()
    sent = [item | {"team_id": team.pk} for item in items(MANY)]
    with CaptureQueriesContext(connection) as queries:
        created = editor_program.post(BULK, sent, headers={"Idempotency-Key": "k"})
    assert (created.status_code, len(created.json()["results"])) == (201, MANY)
    assert len(queries) <= most
    keys = [{"id": row["id"], "version": row["version"]} for row in created.json()["results"]]
    with CaptureQueriesContext(connection) as queries:
        changed = editor_program.patch(BULK, [key | {"age": 7, "team_id": None} for key in keys])
    assert changed.status_code == 200
    assert len(queries) <= most + 10
    with CaptureQueriesContext(connection) as queries:
        assert editor_program.delete(BULK, [{"id": key["id"]} for key in keys]).status_code == 204
    assert len(queries) <= most
    assert not Hero.objects.exists()
    assert Hero.history.count() == 3 * MANY
    assert ChangeSet.objects.count() == 4, "one for each request, and one for the team"


@pytest.mark.parametrize("method", ["post", "patch", "delete"])
def test_a_request_ends_at_fifty_errors_and_costs_little_more_than_parsing_it(method, editor_program):
    Hero.objects.create_all([HeroFactory.build() for _hero in range(MANY)])
    keys = [{} if method == "post" else {"id": pk} for pk in Hero.objects.values_list("pk", flat=True)]
    unknown = {f"a{number}": 1 for number in range(900)}
    body = json.dumps([key | unknown for key in keys])
    start = process_time()
    StrictJSONParser().parse(BytesIO(body.encode()))
    parsed = process_time()
    response = editor_program.generic(method.upper(), BULK, body, "application/json")
    assert process_time() - parsed < 2 * (parsed - start) + 0.5
    assert errors(response) == [(f"/0/a{number}", "unknown_member") for number in range(50)]


# Writes -------------------------------------------------------------------------------------


def test_all_are_written_in_the_order_sent_with_history(editor_program, editor):
    response = editor_program.post(BULK, items(3))
    rows = response.json()["results"]
    assert [row["name"] for row in rows] == [item["name"] for item in items(3)]
    assert all("secret_name" not in row for row in rows)
    assert rows[0] == browser(editor).get(f"/api/v1/heroes/{rows[0]['id']}?omit=team").json()
    rows = editor_program.patch(
        BULK, [{"id": rows[2]["id"], "age": 9}, {"id": rows[0]["id"], "age": 9}]
    ).json()
    assert [(row["age"], row["version"]) for row in rows["results"]] == [(9, 2), (9, 2)]
    change_set = ChangeSet.objects.latest("pk")
    assert (change_set.source, change_set.username, change_set.heroes_entries.count()) == ("api", "editor", 2)


def test_a_keeper_gets_the_secret_names_and_the_access_is_logged(keeper_program):
    rows = keeper_program.post(BULK, items(2)).json()["results"]
    assert [row["secret_name"] for row in rows] == ["Nora Hidden"] * 2
    assert Disclosure.objects.get().ids == [row["id"] for row in rows]


def test_an_item_without_changes_is_not_written(editor_program):
    rows = editor_program.post(BULK, items(2)).json()["results"]
    sent = [{"id": rows[0]["id"], "age": 0}, {"id": rows[1]["id"], "age": 99}]
    assert [row["version"] for row in editor_program.patch(BULK, sent).json()["results"]] == [1, 2]


def test_writing_a_secret_name_is_a_change_whether_or_not_it_differs(editor_program):
    rows = editor_program.post(BULK, items(2)).json()["results"]
    sent = [
        {"id": row["id"], "secret_name": text} for row, text in zip(rows, ("Nora Hidden", "x"), strict=True)
    ]
    assert [row["version"] for row in editor_program.patch(BULK, sent).json()["results"]] == [2, 2]


def test_a_retried_request_is_done_once(editor_program, keeper_program):
    for client, key in ((editor_program, "a"), (keeper_program, "b")):
        sent = [item | {"name": f"{key} {item['name']}"} for item in items(2)]
        first, second = (client.post(BULK, sent, headers={"Idempotency-Key": key}) for _attempt in range(2))
        assert (first.status_code, first.content) == (201, second.content)
        assert second["Idempotency-Replayed"] == "true"
    assert Hero.objects.count() == 4
    assert Disclosure.objects.count() == 2


def test_deleting_teams_leaves_their_heroes_without_a_team(editor_program):
    teams = [TeamFactory() for _team in range(2)]
    hero = HeroFactory(team=teams[1])
    sent = [{"id": team.pk, "version": 1} for team in teams]
    assert editor_program.delete("/api/v1/teams/bulk", sent).status_code == 204
    hero.refresh_from_db()
    assert (hero.team, hero.version, Team.objects.count()) == (None, 2, 0)


# Errors -------------------------------------------------------------------------------------

ITEMS = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"name": st.sampled_from(["Owl", "OWL", "Crow", "Taken", "", 7, None])},
            optional={
                "secret_name": st.sampled_from(["x", "", None]),
                "age": st.sampled_from([None, 7, -1, "7", 2**40]),
                "team_id": st.sampled_from([None, 1, 999_999]),
                "version": st.just(1),
                "motto": st.just("x"),
            },
        ),
        st.sampled_from([None, 7, []]),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=ITEMS)
def test_each_item_has_the_errors_that_it_has_by_itself(sent, owner):
    client = program(owner)
    Hero.objects.all().delete()
    HeroFactory(name="taken")
    expected, before = [], set(Hero.objects.values_list("pk", flat=True))
    for index, item in enumerate(sent):
        response = client.generic("POST", "/api/v1/heroes/", json.dumps(item), "application/json")
        if response.status_code == 422:
            for error in response.json()["errors"]:
                expected.append((f"/{index}{error['pointer']}", error["message"], error["code"]))
        else:
            assert response.status_code == 201
    Hero.objects.exclude(pk__in=before).delete()

    response = client.generic("POST", BULK, json.dumps(sent), "application/json")
    if response.status_code == 201:
        assert not expected
        assert Hero.objects.count() == 1 + len(sent)
    else:
        all_errors = [
            (error["pointer"], error["message"], error["code"]) for error in response.json()["errors"]
        ]
        unique = [error for error in all_errors if error[2] == "unique"]
        assert sorted(error for error in all_errors if error not in unique) == sorted(
            error for error in expected if error[2] != "unique"
        )
        assert {error[0] for error in expected if error[2] == "unique"} <= {error[0] for error in unique}
        assert Hero.objects.count() == 1, "all or none"


@pytest.mark.parametrize("method", ["post", "patch", "delete"])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_type"),
        ("x", "invalid_type"),
        (None, "invalid_type"),
        ([], "invalid_length"),
        ([{}] * 1001, "invalid_length"),
    ],
)
def test_a_body_has_to_be_an_array_of_one_to_a_thousand_items(method, body, code, editor_program):
    response = editor_program.generic(method.upper(), BULK, json.dumps(body), "application/json")
    assert errors(response) == [("", code)]
    assert response.json()["errors"][0]["message"] == "Send a JSON array of 1 to 1,000 objects."


def test_the_errors_of_all_items_are_listed(editor_program):
    hero, other = HeroFactory(name="Owl"), HeroFactory()
    sent = [
        {"id": hero.pk, "version": 9, "age": "x"},
        {"id": 999_999, "age": 1},
        {"id": hero.pk, "age": 1},
        {"id": "x"},
        {},
        7,
        {"id": other.pk, "name": "OWL", "motto": 1},
    ]
    assert errors(editor_program.patch(BULK, sent)) == [
        ("/0/version", "stale"),
        ("/0/age", "invalid_type"),
        ("/1/id", "not_found"),
        ("/2/id", "repeated"),
        ("/3/id", "invalid_type"),
        ("/4/id", "required"),
        ("/5", "invalid_type"),
        ("/6/motto", "unknown_member"),
        ("/6/name", "unique"),
    ]
    assert set(Hero.objects.values_list("version", flat=True)) == {1}


def test_a_member_after_fifty_errors_is_not_missing(editor_program):
    item = {f"a{number}": 1 for number in range(60)} | {"name": "Owl", "secret_name": "Nora Hidden"}
    for address, body in ((BULK, [item]), ("/api/v1/heroes/", item)):
        assert {code for _pointer, code in errors(editor_program.post(address, body))} == {"unknown_member"}


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_another_version_is_a_conflict(method, editor_program, settings):
    heroes = [HeroFactory(), HeroFactory()]
    Hero.objects.filter(pk=heroes[1].pk).update(age=77)
    sent = [{"id": hero.pk, "version": 1} for hero in heroes]
    assert errors(getattr(editor_program, method)(BULK, sent), 409) == [("/1/version", "stale")]
    settings.REQUIRE_IF_MATCH = True
    without_version = getattr(editor_program, method)(BULK, [{"id": heroes[0].pk}])
    assert errors(without_version) == [("/0/version", "precondition_required")]
    assert Hero.objects.count() == 2


def test_a_body_can_have_ten_megabytes(editor_program):
    long = [{"name": "x", "secret_name": "x", "motto": "x" * 2_500_000}]
    assert errors(editor_program.post(BULK, long)) == [("/0/motto", "unknown_member")]
    response = editor_program.post(BULK, [{"name": "x" * 10_000_000}])
    assert (response.status_code, "10 MB" in response.json()["detail"]) == (413, True)


def test_bulk_requires_the_same_permissions(reader):
    for client, status in ((program(reader), 403), (program(), 401)):
        for method in ("post", "patch", "delete"):
            assert getattr(client, method)(BULK, items(1)).status_code == status
        assert client.get(BULK).status_code == 405
