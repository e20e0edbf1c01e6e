"""What the API answers: statuses, headers and the shape of bodies."""

import json
import re
import uuid

import pytest

from heroes.models import Hero
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.people import browser

pytestmark = pytest.mark.django_db

HERO = ["id", "name", "secret_name", "age", "team_id", "team", "version", "created_at", "updated_at"]
ROW = [name for name in HERO if name != "team"]
TEAM = ["id", "name", "headquarters", "heroes", "hero_count", "more_heroes"]
TEAM += ["version", "created_at", "updated_at"]
TEAM_ROW = ["id", "name", "headquarters", "version", "created_at", "updated_at"]
BODIES = {
    "heroes": {"name": "Owl", "secret_name": "Edith Wren", "age": 41},
    "teams": {"name": "Owls", "headquarters": "The Old Lighthouse"},
}
KINDS = {"heroes": (Hero, HeroFactory, "hero"), "teams": (Team, TeamFactory, "team")}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")
kinds = pytest.mark.parametrize("kind", KINDS)


def problem(answer, status, title, detail):
    """The faults that a problem document lists, once it is one."""
    body = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert list(body) == ["type", "title", "status", "detail", "errors", "request_id"]
    assert (body["type"], body["title"], body["status"]) == ("about:blank", title, status)
    assert body["detail"] == detail
    assert body["request_id"] == answer["X-Request-Id"]
    return body["errors"]


def faults(answer):
    """Pointer, message and code of each fault of a body."""
    errors = problem(answer, 422, "Unprocessable Entity", "The request body is invalid. See `errors`.")
    assert all(list(error) == ["pointer", "message", "code"] for error in errors)
    return {error["pointer"]: (error["message"], error["code"]) for error in errors}


# One record -------------------------------------------------------------------------------


def test_every_answer_about_one_hero_has_the_same_shape(keeper_program):
    team = TeamFactory()
    created = keeper_program.post("/api/v1/heroes/", BODIES["heroes"] | {"team_id": team.pk})
    address = f"/api/v1/heroes/{created.json()['id']}"
    assert created.status_code == 201
    assert created["Location"] == f"http://testserver{address}"
    assert keeper_program.get(created["Location"]).json() == created.json()
    answers = [
        created,
        keeper_program.get(address),
        keeper_program.patch(address, {"age": 42}),
        keeper_program.put(address, BODIES["heroes"] | {"team_id": team.pk}),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 200]
    for answer in answers:
        body = answer.json()
        assert answer["Content-Type"] == "application/json"
        assert list(body) == HERO
        assert list(body["team"]) == TEAM_ROW
        assert (body["team_id"], body["team"]["id"], body["team"]["name"]) == (team.pk, team.pk, team.name)
        assert TIME.fullmatch(body["created_at"])
        assert TIME.fullmatch(body["updated_at"])


def test_every_answer_about_one_team_has_the_same_shape(editor_program):
    created = editor_program.post("/api/v1/teams/", BODIES["teams"])
    address = f"/api/v1/teams/{created.json()['id']}"
    assert created["Location"] == f"http://testserver{address}"
    answers = [
        created,
        editor_program.get(address),
        editor_program.patch(address, {"name": "Wrens"}),
        editor_program.put(address, BODIES["teams"]),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 200]
    assert [list(answer.json()) for answer in answers] == [TEAM] * 4


def test_a_changed_team_is_nested_as_it_is_now(editor_program):
    old, new = TeamFactory(), TeamFactory()
    hero = HeroFactory(team=old)
    answer = editor_program.patch(f"/api/v1/heroes/{hero.pk}", {"team_id": new.pk})
    assert answer.json()["team"]["name"] == new.name
    answer = editor_program.patch(f"/api/v1/heroes/{hero.pk}", {"team_id": None})
    assert (answer.json()["team_id"], answer.json()["team"]) == (None, None)


def test_a_list_has_rows_in_brief(keeper_program):
    HeroFactory(team=TeamFactory())
    body = keeper_program.get("/api/v1/heroes/").json()
    assert list(body) == ["count", "next", "previous", "results"]
    assert list(body["results"][0]) == ROW
    body = keeper_program.get("/api/v1/teams/").json()
    assert list(body["results"][0]) == TEAM_ROW


def test_a_hero_without_age_or_team_says_null(visitor_program):
    body = visitor_program.get(f"/api/v1/heroes/{HeroFactory(age=None).pk}").json()
    assert (body["age"], body["team_id"], body["team"]) == (None, None, None)


def test_text_is_answered_as_utf_8_and_normalised(editor_program):
    answer = editor_program.post("/api/v1/heroes/", {"name": "  E\u0301clair ☕  ", "secret_name": "x"})
    assert answer.json()["name"] == "Éclair ☕"
    assert "Éclair ☕".encode() in answer.content


# Replacing and changing -------------------------------------------------------------------


def test_put_replaces_everything(keeper_program):
    hero = HeroFactory(age=41, team=TeamFactory())
    body = keeper_program.put(f"/api/v1/heroes/{hero.pk}", {"name": "New", "secret_name": "Other"}).json()
    assert (body["name"], body["secret_name"], body["age"], body["team_id"]) == ("New", "Other", None, None)
    hero.refresh_from_db()
    assert (hero.name, hero.secret_name, hero.age, hero.team) == ("New", "Other", None, None)


def test_put_wants_every_required_member(keeper_program, editor_program):
    hero, team = HeroFactory(), TeamFactory()
    required = ("This field is required.", "required")
    answer = keeper_program.put(f"/api/v1/heroes/{hero.pk}", {"age": 7})
    assert faults(answer) == {"/name": required, "/secret_name": required}
    answer = editor_program.put(f"/api/v1/teams/{team.pk}", {"name": "x"})
    assert faults(answer) == {"/headquarters": required}
    assert Hero.objects.get().version == Team.objects.get().version == 1


@pytest.mark.parametrize(
    "change", [{"name": "New"}, {"secret_name": "Other"}, {"age": 7}, {"age": None}, {"team_id": None}, {}]
)
def test_patch_changes_only_what_is_sent(change, keeper_program):
    hero = HeroFactory(age=41, team=TeamFactory())
    address = f"/api/v1/heroes/{hero.pk}"
    before = keeper_program.get(address).json()
    after = keeper_program.patch(address, change).json()
    changed = {name for name in before if before[name] != after[name]}
    extra = {"team"} if "team_id" in change else set()
    assert changed == ({*change, *extra, "version", "updated_at"} if change else set())
    assert {name: after[name] for name in change} == change
    assert keeper_program.get(address).json() == after


@kinds
@pytest.mark.parametrize("who", ["editor", "keeper"])
@pytest.mark.parametrize("method", ["put", "patch"])
def test_what_was_read_can_be_sent_back(method, who, kind, request):
    client = request.getfixturevalue(f"{who}_program")
    team = TeamFactory()
    hero = HeroFactory(team=team)
    address = f"/api/v1/{kind}/{hero.pk if kind == 'heroes' else team.pk}"
    read = client.get(address).json()
    answer = getattr(client, method)(address, read)
    assert (answer.status_code, answer.json()) == (200, read)
    answer = getattr(client, method)(address, read | {"name": "New"})
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["version"]) == ("New", 2)


def test_a_row_of_a_list_can_be_sent_back_too(keeper_program):
    hero = HeroFactory(team=TeamFactory())
    (row,) = keeper_program.get("/api/v1/heroes/").json()["results"]
    answer = keeper_program.put(f"/api/v1/heroes/{hero.pk}", row)
    assert (answer.status_code, answer.json()["version"]) == (200, 1)


READ_ONLY = ("This field is read-only. Omit it, or send it back unchanged.", "read_only")


@pytest.mark.parametrize(
    "member",
    [
        {"id": 999},
        {"id": "1"},
        {"version": None},
        {"created_at": "2001-01-01T00:00:00Z"},
        {"updated_at": None},
        {"team": None},
        {"team": {"name": "Other"}},
    ],
)
@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_read_only_member_that_is_changed_is_a_fault(method, member, keeper_program):
    hero = HeroFactory(team=TeamFactory())
    address = f"/api/v1/heroes/{hero.pk}"
    body = keeper_program.get(address).json() | member
    answer = getattr(keeper_program, method)(address, body)
    assert faults(answer) == {f"/{name}": READ_ONLY for name in member}
    assert Hero.objects.get().version == 1


@pytest.mark.parametrize("member", ["id", "version", "created_at", "updated_at"])
@kinds
def test_a_new_record_is_not_given_what_the_register_sets(kind, member, editor_program):
    answer = editor_program.post(f"/api/v1/{kind}/", BODIES[kind] | {member: 1})
    assert faults(answer) == {f"/{member}": READ_ONLY}
    assert not KINDS[kind][0].objects.exists()


@pytest.mark.parametrize(
    ("member", "pointer"),
    [("nmae", "/nmae"), ("team", "/team"), ("a/b~c", "/a~1b~0c"), ("", "/"), ("name_key", "/name_key")],
)
def test_an_unknown_member_is_named_by_its_pointer(member, pointer, keeper_program):
    answer = keeper_program.post("/api/v1/heroes/", BODIES["heroes"] | {member: "x"})
    message, code = faults(answer)[pointer]
    if member == "team":
        assert (message, code) == READ_ONLY
    else:
        assert code == "unknown_member"
        assert message == "Unknown member. Use one of: name, secret_name, age, team_id."
    assert not Hero.objects.exists()


def test_every_fault_is_told_at_once(keeper_program):
    HeroFactory(name="Taken")
    body = {"name": "TAKEN", "secret_name": 7, "age": "41", "team_id": 999_999, "version": 2, "x": 1}
    told = faults(keeper_program.post("/api/v1/heroes/", body))
    assert {pointer: code for pointer, (_message, code) in told.items()} == {
        "/name": "unique",
        "/secret_name": "invalid_type",
        "/age": "invalid_type",
        "/team_id": "invalid",
        "/version": "read_only",
        "/x": "unknown_member",
    }


@pytest.mark.parametrize("body", [[], "text", 7, None, True, [{"name": "x"}]])
@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_a_body_that_is_no_object_is_a_fault_of_the_whole(method, body, editor_program):
    address = "/api/v1/heroes/" if method == "post" else f"/api/v1/heroes/{HeroFactory().pk}"
    answer = getattr(editor_program, method)(address, json.dumps(body), content_type="application/json")
    assert faults(answer) == {"": ("Send a JSON object.", "invalid_type")}


@pytest.mark.parametrize("body", ["", "{", "{'name': 1}", "name=x"])
def test_a_body_that_is_no_json_says_where(body, editor_program):
    answer = editor_program.post("/api/v1/heroes/", body or " ", content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("The request body isn't valid JSON: ")
    assert "at line 1, column " in answer.json()["detail"]
    assert problem(answer, 400, "Bad Request", answer.json()["detail"]) == []


@kinds
def test_a_deleted_record_is_gone(kind, editor_program):
    address = f"/api/v1/{kind}/{KINDS[kind][1]().pk}"
    answer = editor_program.delete(address)
    assert (answer.status_code, answer.content) == (204, b"")
    assert editor_program.get(address).status_code == 404
    assert editor_program.delete(address).status_code == 404


# Addresses --------------------------------------------------------------------------------


@kinds
def test_an_address_without_its_slash_is_the_same_resource(kind, editor_program):
    factory = KINDS[kind][1]
    record = factory()
    for address in (f"/api/v1/{kind}", f"/api/v1/{kind}/{record.pk}"):
        with_slash, without = editor_program.get(f"{address}/"), editor_program.get(address)
        assert (with_slash.status_code, without.status_code) == (200, 200)
        assert with_slash.json() == without.json()
    for slash in ("", "/"):
        body = BODIES[kind] | {"name": f"New{slash}"}
        assert editor_program.post(f"/api/v1/{kind}{slash}", body).status_code == 201
        assert (
            editor_program.put(f"/api/v1/{kind}/{record.pk}{slash}", body | {"name": "A"}).status_code == 200
        )
        assert editor_program.patch(f"/api/v1/{kind}/{record.pk}{slash}", {"name": "B"}).status_code == 200
        assert editor_program.head(f"/api/v1/{kind}/{record.pk}{slash}").status_code == 200
        assert editor_program.delete(f"/api/v1/{kind}/{record.pk}{slash}").status_code == 204
        record = factory()


def test_the_index_says_where_each_kind_is(visitor_program):
    index = visitor_program.get("/api/v1/").json()
    assert sorted(index) == ["changesets", "heroes", "teams"]
    for address in index.values():
        assert visitor_program.get(address).status_code == 200


# Errors -----------------------------------------------------------------------------------


@kinds
@pytest.mark.parametrize("key", ["999999", "0", "abc", "-1", "1.0", "٣", "9" * 30])
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_a_record_that_is_not_there_is_not_found_by_its_kind(method, key, kind, editor_program):
    answer = getattr(editor_program, method)(f"/api/v1/{kind}/{key}")
    assert problem(answer, 404, "Not Found", f"No {KINDS[kind][2]} has the id {key}.") == []


def test_an_address_that_is_not_there_is_not_found(visitor_program):
    answer = visitor_program.get("/api/v1/villains/")
    assert problem(answer, 404, "Not Found", "We can't find this page.") == []


@kinds
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_who_writes_without_a_token_is_told_to_send_one(method, kind, visitor_program):
    address = f"/api/v1/{kind}/" + ("" if method == "post" else f"{KINDS[kind][1]().pk}")
    answer = getattr(visitor_program, method)(address, BODIES[kind])
    assert (
        problem(
            answer,
            401,
            "Unauthorized",
            "Send Authorization: Bearer <token>. Create a token at /account/tokens/.",
        )
        == []
    )
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("address", "method", "allowed"),
    [
        ("/api/v1/heroes/", "put", "GET, POST, HEAD, OPTIONS"),
        ("/api/v1/heroes/", "delete", "GET, POST, HEAD, OPTIONS"),
        ("/api/v1/teams/", "patch", "GET, POST, HEAD, OPTIONS"),
        ("/api/v1/heroes/{}", "post", "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"),
        ("/api/v1/heroes/{}", "trace", "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"),
        ("/api/v1/", "post", "GET, HEAD, OPTIONS"),
        ("/api/schema/", "post", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_method_that_is_not_taken_is_told_with_those_that_are(address, method, allowed, editor_program):
    answer = getattr(editor_program, method)(address.format(HeroFactory().pk))
    detail = f"{method.upper()} isn't supported here. Use one of: {answer['Allow']}."
    assert problem(answer, 405, "Method Not Allowed", detail) == []
    assert sorted(answer["Allow"].split(", ")) == sorted(allowed.split(", "))


@pytest.mark.parametrize(
    "accept",
    [
        *("text/html", "application/xml", "image/*", "application/json;q=0", "*/*;q=0.0"),
        *("*/*, Application/JSON; q=0", "application/*;q=0, text/html", "application/problem+json;q=0"),
    ],
)
def test_what_cannot_be_answered_as_asked_is_told(accept, visitor_program):
    answer = visitor_program.get("/api/v1/heroes/", HTTP_ACCEPT=accept)
    assert (
        problem(answer, 406, "Not Acceptable", "The API responds in JSON. Set Accept to application/json.")
        == []
    )


@pytest.mark.parametrize(
    "accept",
    [
        *("application/json", "*/*", "application/*", "text/html, */*;q=0.1", "text/html;q=0, */*"),
        *("application/problem+json", "Application/Problem+JSON; charset=utf-8, text/html"),
    ],
)
def test_json_is_answered_to_whoever_takes_it(accept, visitor_program):
    assert visitor_program.get("/api/v1/heroes/", HTTP_ACCEPT=accept)["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "media",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"],
)
@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_a_body_of_another_kind_is_not_read(method, media, editor_program):
    address = "/api/v1/heroes/" if method == "post" else f"/api/v1/heroes/{HeroFactory().pk}"
    known = {"If-Match": "*"}
    answer = editor_program.generic(method.upper(), address, '{"name": "x"}', media, headers=known)
    assert problem(answer, 415, "Unsupported Media Type", answer.json()["detail"]) == []
    detail = f"Unsupported media type “{media}”. Set Content-Type to application/json."
    assert answer.json()["detail"] == detail


@pytest.mark.parametrize("fault", ["limit=0", "nmae=x", "age=old", "id__in=1,x", "ordering=nmae", "cursor=x"])
def test_a_fault_in_the_query_names_its_parameter(fault, visitor_program):
    answer = visitor_program.get(f"/api/v1/heroes/?{fault}")
    (error,) = problem(answer, 400, "Bad Request", "Invalid query parameters. See `errors`.")
    assert list(error) == ["parameter", "message", "code"]
    assert error["parameter"] == fault.split("=")[0]


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_one_record_takes_no_unknown_parameters(method, editor_program):
    hero = HeroFactory()
    answer = editor_program.generic(method.upper(), f"/api/v1/heroes/{hero.pk}?limit=1")
    (error,) = problem(answer, 400, "Bad Request", "Invalid query parameters. See `errors`.")
    assert error["parameter"] == "limit"
    assert Hero.objects.get().version == 1


@pytest.mark.parametrize("given", ["abc-123", "A.b_c-9", "x" * 64])
@pytest.mark.parametrize("address", ["/api/v1/heroes/", "/api/v1/heroes/999999", "/heroes/", "/nowhere"])
def test_a_request_id_that_is_sent_comes_back(given, address, visitor_program):
    answer = visitor_program.get(address, HTTP_X_REQUEST_ID=given)
    assert answer["X-Request-Id"] == given
    if answer.status_code == 404:
        assert given in answer.content.decode()


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "<b>", "é", "a;b", "a,b"])
def test_a_request_id_that_is_odd_is_replaced(given, visitor_program):
    answer = visitor_program.get("/api/v1/heroes/999999", HTTP_X_REQUEST_ID=given)
    assert uuid.UUID(answer["X-Request-Id"])
    assert answer.json()["request_id"] == answer["X-Request-Id"]


def test_each_request_has_an_id_of_its_own(visitor_program):
    assert len({visitor_program.get("/api/v1/heroes/")["X-Request-Id"] for _request in range(5)}) == 5


# Nested records ---------------------------------------------------------------------------


def test_a_teams_heroes_are_nested_in_brief_and_in_order(visitor_program):
    team = TeamFactory()
    for name in ("zed", "Éclair", "Alpha"):
        HeroFactory(name=name, age=None if name == "zed" else 41, team=team)
    HeroFactory(team=TeamFactory())
    body = visitor_program.get(f"/api/v1/teams/{team.pk}").json()
    assert [list(hero) for hero in body["heroes"]] == [["id", "name", "age"]] * 3
    brief = [(hero["name"], hero["age"]) for hero in body["heroes"]]
    assert brief == [("Alpha", 41), ("zed", None), ("Éclair", 41)]
    assert (body["hero_count"], body["more_heroes"]) == (3, None)


@pytest.mark.parametrize("number", [0, 1, 99, 100, 101, 205])
def test_of_many_heroes_a_hundred_are_nested_and_a_link_leads_to_the_rest(number, visitor_program):
    team = TeamFactory()
    heroes = [HeroFactory.build(name=f"Hero {n:03}", team=team) for n in range(number)]
    Hero.objects.create_all(heroes)
    HeroFactory(name="Hero 000 of none")
    body = visitor_program.get(f"/api/v1/teams/{team.pk}").json()
    names, more = [hero["name"] for hero in body["heroes"]], body["more_heroes"]
    assert body["hero_count"] == number
    assert len(names) == min(number, 100)
    assert (more is None) == (number <= 100)
    while more:
        rest = visitor_program.get(more).json()
        names += [hero["name"] for hero in rest["results"]]
        more = rest["next"]
    assert names == [f"Hero {n:03}" for n in range(number)]


# HEAD and OPTIONS -------------------------------------------------------------------------


@kinds
def test_head_answers_as_get_does_without_the_body(kind, visitor_program):
    record = KINDS[kind][1]()
    for address in (f"/api/v1/{kind}/", f"/api/v1/{kind}/{record.pk}"):
        head, got = visitor_program.head(address), visitor_program.get(address)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("Content-Type", "Content-Length", "Vary", "Allow"):
            assert head[name] == got[name]
    assert visitor_program.head(f"/api/v1/{kind}/999999").status_code == 404


@pytest.mark.parametrize("who", ["visitor", "editor"])
@kinds
def test_options_names_the_methods_and_no_members(kind, who, request):
    client = request.getfixturevalue(f"{who}_program")
    record = KINDS[kind][1]()
    allowed = {
        f"/api/v1/{kind}/": {"GET", "POST", "HEAD", "OPTIONS"},
        f"/api/v1/{kind}/{record.pk}": {"GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"},
        f"/api/v1/{kind}/bulk/": {"POST", "PATCH", "DELETE", "OPTIONS"},
        f"/api/v1/{kind}/{record.pk}/history/1/revert/": {"POST", "OPTIONS"},
        "/api/v1/changesets/1/undo/": {"POST", "OPTIONS"},
        "/api/v1/changes/": {"GET", "HEAD", "OPTIONS"},
    }
    for address, methods in allowed.items():
        answer = client.options(address)
        assert (answer.status_code, answer.content) == (204, b"")
        assert set(answer["Allow"].split(", ")) == methods


def test_json_sent_to_a_page_is_told_where_the_api_is(editor):
    answer = browser(editor).post("/heroes/new/", BODIES["heroes"], content_type="application/json")
    assert answer.status_code == 415
    assert "/api/v1/" in answer.content.decode()
    assert not Hero.objects.exists()


@kinds
def test_a_failure_of_the_site_is_told_in_its_own_words(kind, editor_program, monkeypatch):
    def fail(*args):
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("heroesite.records.api.viewsets.RecordPagination.paginate_queryset", fail)
    answer = editor_program.get(f"/api/v1/{kind}/")
    detail = "Something went wrong on our end. The error has been logged; please try again."
    assert problem(answer, 500, "Internal Server Error", detail) == []
