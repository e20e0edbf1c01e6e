"""Errors in request bodies: their codes and messages, and a version that isn't current."""

import pytest

from heroes.models import Hero
from tests.factories import HeroFactory, TeamFactory

pytestmark = pytest.mark.django_db
HEROES = "/api/v1/heroes/"
OWL = {"name": "Owl", "secret_name": "Nora Hidden", "age": 41, "team_id": None}


def errors(response, status=422):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    return {error["pointer"]: (error["code"], error["message"]) for error in response.json()["errors"]}


# Types ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "instead"),
    [("12", "a string"), ("", "a string"), (True, "a boolean"), ([], "an array"), ({}, "an object")],
)
@pytest.mark.parametrize("member", ["age", "team_id"])
def test_a_number_has_to_be_a_json_number(member, value, instead, editor_program):
    expected = {f"/{member}": ("invalid_type", f"Send a JSON number such as 12, not {instead}.")}
    assert errors(editor_program.post(HEROES, OWL | {member: value})) == expected
    bulk = errors(editor_program.post(f"{HEROES}bulk/", [OWL | {member: value}]))
    assert bulk == {f"/0{pointer}": error for pointer, error in expected.items()}


def test_a_number_has_no_fraction(editor_program):
    expected = {"/age": ("invalid_type", "Send a whole number such as 12.")}
    assert errors(editor_program.post(HEROES, OWL | {"age": 1.5})) == expected
    assert editor_program.post(HEROES, OWL | {"age": 7.0}).json()["age"] == 7


@pytest.mark.parametrize("value", [5, True, ["Owl"], {"a": "b"}])
def test_a_text_has_to_be_a_json_string(value, editor_program):
    expected = {"/name": ("invalid_type", "Send a JSON string.")}
    assert errors(editor_program.post(HEROES, OWL | {"name": value})) == expected


@pytest.mark.parametrize("body", ["[]", '"x"', "7", "null"])
def test_a_body_has_to_be_a_json_object(body, editor_program):
    response = editor_program.generic("POST", HEROES, body, "application/json")
    assert errors(response) == {"": ("invalid_type", "Send a JSON object.")}


@pytest.mark.parametrize("value", ["true", 1, None])
def test_a_boolean_has_to_be_true_or_false(value, editor_program):
    change_set = HeroFactory().history.get().change_set_id
    response = editor_program.post(f"/api/v1/changesets/{change_set}/undo", {"anyway": value})
    assert errors(response) == {"/anyway": ("invalid_type", "Send true or false.")}


@pytest.mark.parametrize("item", [7, "x", None, []])
def test_an_item_has_to_be_a_json_object(item, editor_program):
    expected = {"/0": ("invalid_type", "Send a JSON object.")}
    for method in ("post", "patch", "delete"):
        assert errors(getattr(editor_program, method)(f"{HEROES}bulk/", [item])) == expected


@pytest.mark.parametrize(
    ("key", "error"),
    [
        ({}, ("required", "This field is required.")),
        ({"id": None}, ("required", "This field is required.")),
        ({"id": "7"}, ("invalid_type", "Send a JSON number such as 12, not a string.")),
        ({"id": 1.5}, ("invalid_type", "Send a whole number such as 12.")),
        ({"id": -1}, ("not_found", "No hero has the id -1.")),
        ({"id": 999_999}, ("not_found", "No hero has the id 999999.")),
        ({"id": 10**30}, ("not_found", f"No hero has the id {10**30}.")),
    ],
)
def test_an_item_names_its_record_by_a_number(key, error, editor_program):
    for method in ("patch", "delete"):
        assert errors(getattr(editor_program, method)(f"{HEROES}bulk/", [key])) == {"/0/id": error}


# Required and read-only members -----------------------------------------------------------


@pytest.mark.parametrize("body", [{}, {"name": None}, {"name": ""}, {"name": " \t "}])
def test_a_required_member_that_is_missing_null_or_blank_is_required(body, editor_program):
    sent = {name: value for name, value in OWL.items() if name != "name"} | body
    expected = ("required", "This field is required.")
    assert errors(editor_program.post(HEROES, sent)) == {"/name": expected}
    assert errors(editor_program.post(f"{HEROES}bulk/", [sent])) == {"/0/name": expected}


def test_an_unknown_member_is_named(editor_program):
    expected = ("unknown_member", "Unknown member. Use one of: name, secret_name, age, team_id.")
    assert errors(editor_program.post(HEROES, OWL | {"motto": "x"})) == {"/motto": expected}


def test_a_read_only_member_is_sent_back_unchanged_or_not_at_all(editor_program):
    hero = editor_program.post(HEROES, OWL).json()
    address = f"{HEROES}{hero['id']}"
    echo = {name: hero[name] for name in ("id", "version", "created_at", "updated_at")}
    assert editor_program.patch(address, echo | {"age": 7}).status_code == 200
    expected = ("read_only", "This field is read-only. Omit it, or send it back unchanged.")
    for name, value in (("id", 0), ("created_at", "2026-01-31T12:00:00Z")):
        assert errors(editor_program.patch(address, {name: value})) == {f"/{name}": expected}
    assert errors(editor_program.post(HEROES, OWL | {"name": "Crow", "version": 1})) == {"/version": expected}


@pytest.mark.parametrize(
    ("version", "type_name"), [("1", "a string"), (None, "null"), (True, "a boolean"), ([1], "an array")]
)
def test_a_version_of_another_type_is_a_type_error_as_in_bulk(version, type_name, editor_program):
    hero = HeroFactory()
    expected = ("invalid_type", f"Send a JSON number such as 12, not {type_name}.")
    single = editor_program.patch(f"{HEROES}{hero.pk}", {"age": 7, "version": version})
    assert errors(single) == {"/version": expected}
    bulk = editor_program.patch(f"{HEROES}bulk/", [{"id": hero.pk, "age": 7, "version": version}])
    assert errors(bulk) == {"/0/version": expected}


# A version that isn't current -------------------------------------------------------------


@pytest.fixture
def changed_hero():
    hero = HeroFactory(age=40)
    hero.age = 41
    hero.save()
    return hero


@pytest.mark.parametrize("version", [1, 3, 0, 1.0])
@pytest.mark.parametrize("query", ["", "?dry_run=true"])
def test_another_version_in_a_body_is_a_conflict(query, version, changed_hero, editor_program):
    address = f"{HEROES}{changed_hero.pk}"
    body = {"version": version, "age": 7, "updated_at": "2026-01-31T12:00:00Z"}
    response = editor_program.patch(f"{address}{query}", body)
    message = "The record has changed and is now at version 2."
    assert errors(response, 409) == {"/version": ("stale", message)}
    assert response.json()["version"] == 2
    assert response.json()["detail"] == f"{message} Read it again, then send your changes."
    assert Hero.objects.get().age == 41


def test_another_version_is_a_conflict_in_put_and_in_bulk_too(changed_hero, editor_program):
    whole = OWL | {"version": 1}
    assert editor_program.put(f"{HEROES}{changed_hero.pk}", whole).status_code == 409
    item = {"id": changed_hero.pk, "version": 1, "age": 7}
    expected = {"/0/version": ("stale", "The record has changed and is now at version 2.")}
    assert errors(editor_program.patch(f"{HEROES}bulk/", [item]), 409) == expected


def test_the_current_version_is_accepted(changed_hero, editor_program):
    response = editor_program.patch(f"{HEROES}{changed_hero.pk}", {"version": 2, "age": 7})
    assert (response.status_code, response.json()["version"]) == (200, 3)


def test_a_conflict_can_be_resolved_under_the_same_key(changed_hero, editor_program):
    address, key = f"{HEROES}{changed_hero.pk}", {"Idempotency-Key": "k"}
    body = {"version": 3, "age": 7}
    assert editor_program.patch(address, body, headers=key).status_code == 409
    Hero.objects.filter(pk=changed_hero.pk).update(age=50)
    assert editor_program.patch(address, body, headers=key).status_code == 200


# Ids that no record has -------------------------------------------------------------------


@pytest.mark.parametrize("key", ["999999", "x", "1.5", "-1", "9" * 30])
@pytest.mark.parametrize("rest", ["", "/history"])
def test_an_unknown_id_is_named(key, rest, editor_program):
    for path, name in (("heroes", "hero"), ("teams", "team")):
        response = editor_program.get(f"/api/v1/{path}/{key}{rest}")
        assert (response.status_code, response.json()["detail"]) == (404, f"No {name} has the id {key}.")


def test_a_deleted_record_is_named_with_the_time_of_its_deletion(editor_program):
    team = TeamFactory()
    address = f"/api/v1/teams/{team.pk}"
    editor_program.delete(address)
    at = team.history.first().change_set.at
    expected = f"No team has the id {team.pk}. It was deleted on {at:%Y-%m-%d at %H:%M:%S} UTC."
    for method in ("get", "patch", "delete"):
        response = getattr(editor_program, method)(address, {"name": "x"} if method == "patch" else None)
        assert (response.status_code, response.json()["detail"]) == (404, expected)
