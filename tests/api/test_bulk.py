"""Many records in one request: all or none, judged as each would be by itself."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heroes.models import Hero
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


def faults(answer, status=422):
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


# What it costs ------------------------------------------------------------------------------


def test_a_thousand_are_created_changed_and_deleted_in_few_queries(editor_program):
    most = 30 if connection.vendor == "postgresql" else 60
    team = TeamFactory()
    sent = [item | {"team_id": team.pk} for item in items(MANY)]
    with CaptureQueriesContext(connection) as queries:
        created = editor_program.post(BULK, sent, headers={"Idempotency-Key": "k"})
    assert (created.status_code, len(created.json()["results"])) == (201, MANY)
    assert len(queries) <= most
    guards = [{"id": row["id"], "version": row["version"]} for row in created.json()["results"]]
    with CaptureQueriesContext(connection) as queries:
        changed = editor_program.patch(BULK, [guard | {"age": 7, "team_id": None} for guard in guards])
    assert changed.status_code == 200
    assert len(queries) <= most + 10
    with CaptureQueriesContext(connection) as queries:
        assert editor_program.delete(BULK, [{"id": guard["id"]} for guard in guards]).status_code == 204
    assert len(queries) <= most
    assert not Hero.objects.exists()
    assert Hero.history.count() == 3 * MANY
    assert ChangeSet.objects.count() == 4, "one for each request, and one for the team"


# What it does -------------------------------------------------------------------------------


def test_all_are_written_in_the_order_sent_with_history(editor_program, editor):
    answer = editor_program.post(BULK, items(3))
    rows = answer.json()["results"]
    assert [row["name"] for row in rows] == [item["name"] for item in items(3)]
    assert all("secret_name" not in row for row in rows)
    assert rows[0] == browser(editor).get(f"/api/v1/heroes/{rows[0]['id']}?omit=team").json()
    rows = editor_program.patch(
        BULK, [{"id": rows[2]["id"], "age": 9}, {"id": rows[0]["id"], "age": 9}]
    ).json()
    assert [(row["age"], row["version"]) for row in rows["results"]] == [(9, 2), (9, 2)]
    made = ChangeSet.objects.latest("pk")
    assert (made.door, made.username, made.heroes_entries.count()) == ("api", "editor", 2)


def test_who_may_see_secrets_is_answered_them_and_it_is_noted(keeper_program):
    rows = keeper_program.post(BULK, items(2)).json()["results"]
    assert [row["secret_name"] for row in rows] == ["Nora Hidden"] * 2
    assert Disclosure.objects.get().ids == [row["id"] for row in rows]


def test_what_is_as_it_was_is_not_written(editor_program):
    rows = editor_program.post(BULK, items(2)).json()["results"]
    sent = [{"id": rows[0]["id"], "age": 0}, {"id": rows[1]["id"], "age": 99}]
    assert [row["version"] for row in editor_program.patch(BULK, sent).json()["results"]] == [1, 2]


def test_a_guess_at_a_secret_counts_right_or_wrong(editor_program):
    rows = editor_program.post(BULK, items(2)).json()["results"]
    sent = [
        {"id": row["id"], "secret_name": text} for row, text in zip(rows, ("Nora Hidden", "x"), strict=True)
    ]
    assert [row["version"] for row in editor_program.patch(BULK, sent).json()["results"]] == [2, 2]


def test_a_request_that_comes_again_is_done_once(editor_program, keeper_program):
    for client, word in ((editor_program, "a"), (keeper_program, "b")):
        sent = [item | {"name": f"{word} {item['name']}"} for item in items(2)]
        first, second = (client.post(BULK, sent, headers={"Idempotency-Key": word}) for _time in range(2))
        assert (first.status_code, first.content) == (201, second.content)
        assert second["Idempotency-Replayed"] == "true"
    assert Hero.objects.count() == 4
    assert Disclosure.objects.count() == 2


def test_deleting_teams_leaves_their_heroes_without(editor_program):
    teams = [TeamFactory() for _team in range(2)]
    hero = HeroFactory(team=teams[1])
    sent = [{"id": team.pk, "version": 1} for team in teams]
    assert editor_program.delete("/api/v1/teams/bulk", sent).status_code == 204
    hero.refresh_from_db()
    assert (hero.team, hero.version, Team.objects.count()) == (None, 2, 0)


# What it refuses ----------------------------------------------------------------------------

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
def test_each_item_is_judged_as_it_would_be_by_itself(sent, owner):
    client = program(owner)
    Hero.objects.all().delete()
    HeroFactory(name="taken")
    expected, before = [], set(Hero.objects.values_list("pk", flat=True))
    for index, item in enumerate(sent):
        answer = client.generic("POST", "/api/v1/heroes/", json_of(item), "application/json")
        if answer.status_code == 422:
            for error in answer.json()["errors"]:
                expected.append((f"/{index}{error['pointer']}", error["message"], error["code"]))
        else:
            assert answer.status_code == 201
    Hero.objects.exclude(pk__in=before).delete()

    answer = client.generic("POST", BULK, json_of(sent), "application/json")
    if answer.status_code == 201:
        assert not expected
        assert Hero.objects.count() == 1 + len(sent)
    else:
        told = [(error["pointer"], error["message"], error["code"]) for error in answer.json()["errors"]]
        unique = [fault for fault in told if fault[2] == "unique"]
        assert sorted(fault for fault in told if fault not in unique) == sorted(
            fault for fault in expected if fault[2] != "unique"
        )
        assert {fault[0] for fault in expected if fault[2] == "unique"} <= {fault[0] for fault in unique}
        assert Hero.objects.count() == 1, "all or none"


def json_of(value):
    return json.dumps(value)


@pytest.mark.parametrize("method", ["post", "patch", "delete"])
@pytest.mark.parametrize("body", [{}, [], "x", None, [{}] * 1001])
def test_what_is_no_list_of_one_to_a_thousand_is_refused(method, body, editor_program):
    answer = editor_program.generic(method.upper(), BULK, json_of(body), "application/json")
    assert faults(answer) == [("", "not_a_list")]


def test_every_fault_of_every_item_is_told(editor_program):
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
    assert faults(editor_program.patch(BULK, sent)) == [
        ("/0/version", "stale"),
        ("/0/age", "invalid"),
        ("/1/id", "not_found"),
        ("/2/id", "repeated"),
        ("/3/id", "invalid"),
        ("/4/id", "invalid"),
        ("/5", "not_an_object"),
        ("/6/motto", "unknown"),
        ("/6/name", "unique"),
    ]
    assert set(Hero.objects.values_list("version", flat=True)) == {1}


@pytest.mark.parametrize("method", ["post", "patch", "delete"])
def test_of_an_item_with_ever_so_many_faults_the_first_are_told(method, editor_program):
    item = {"id": HeroFactory().pk} | {f"a{number}": 1 for number in range(5000)}
    told = faults(getattr(editor_program, method)(BULK, [item]))
    unknown = [pointer for pointer, code in told if code == "unknown" and pointer != "/0/id"]
    assert unknown[:2] == ["/0/a0", "/0/a1"]
    assert len(told) <= 52


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_a_version_that_was_not_seen_is_a_conflict(method, editor_program, settings):
    heroes = [HeroFactory(), HeroFactory()]
    Hero.objects.filter(pk=heroes[1].pk).update(age=77)
    sent = [{"id": hero.pk, "version": 1} for hero in heroes]
    assert faults(getattr(editor_program, method)(BULK, sent), 409) == [("/1/version", "stale")]
    settings.REQUIRE_IF_MATCH = True
    unguarded = getattr(editor_program, method)(BULK, [{"id": heroes[0].pk}])
    assert faults(unguarded) == [("/0/version", "precondition_required")]
    assert Hero.objects.count() == 2


def test_a_body_of_more_than_two_megabytes_is_taken_here_and_of_ten_refused(editor_program):
    long = [{"name": "x", "secret_name": "x", "motto": "x" * 2_500_000}]
    assert faults(editor_program.post(BULK, long)) == [("/0/motto", "unknown")]
    answer = editor_program.post(BULK, [{"name": "x" * 10_000_000}])
    assert (answer.status_code, "10 MB" in answer.json()["detail"]) == (413, True)


def test_who_may_not_write_one_may_not_write_many(reader):
    for client, status in ((program(reader), 403), (program(), 401)):
        for method in ("post", "patch", "delete"):
            assert getattr(client, method)(BULK, items(1)).status_code == status
        assert client.get(BULK).status_code == 405
