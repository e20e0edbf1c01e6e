"""How the API responds: statuses, headers and the shape of bodies."""

import json
import re
import uuid
from itertools import product

import pytest

from heroes.models import Hero
from teams.models import Team
from tests.cases import Cases
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
RECORDS = {"heroes": (Hero, HeroFactory, "hero"), "teams": (Team, TeamFactory, "team")}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")
paths = pytest.mark.parametrize("path", RECORDS)


def problem(response, status, title, detail):
    """Check that a response is a problem document. Returns its errors."""
    body = response.json()
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    assert list(body) == ["type", "title", "status", "detail", "errors", "request_id"]
    assert (body["type"], body["title"], body["status"]) == ("about:blank", title, status)
    assert body["detail"] == detail
    assert body["request_id"] == response["X-Request-Id"]
    return body["errors"]


def body_errors(response):
    """Return message and code of each error in a body, by pointer."""
    errors = problem(response, 422, "Unprocessable Entity", "The request body is invalid. See `errors`.")
    assert all(list(error) == ["pointer", "message", "code"] for error in errors)
    return {error["pointer"]: (error["message"], error["code"]) for error in errors}


# One record -------------------------------------------------------------------------------


def test_all_responses_with_one_hero_have_the_same_members(keeper_program):
    team = TeamFactory()
    created = keeper_program.post("/api/v1/heroes/", BODIES["heroes"] | {"team_id": team.pk})
    address = f"/api/v1/heroes/{created.json()['id']}"
    assert created.status_code == 201
    assert created["Location"] == f"http://testserver{address}"
    assert keeper_program.get(created["Location"]).json() == created.json()
    responses = [
        created,
        keeper_program.get(address),
        keeper_program.patch(address, {"age": 42}),
        keeper_program.put(address, BODIES["heroes"] | {"team_id": team.pk}),
    ]
    assert [response.status_code for response in responses] == [201, 200, 200, 200]
    for response in responses:
        body = response.json()
        assert response["Content-Type"] == "application/json"
        assert list(body) == HERO
        assert list(body["team"]) == TEAM_ROW
        assert (body["team_id"], body["team"]["id"], body["team"]["name"]) == (team.pk, team.pk, team.name)
        assert TIME.fullmatch(body["created_at"])
        assert TIME.fullmatch(body["updated_at"])


def test_all_responses_with_one_team_have_the_same_members(editor_program):
    created = editor_program.post("/api/v1/teams/", BODIES["teams"])
    address = f"/api/v1/teams/{created.json()['id']}"
    assert created["Location"] == f"http://testserver{address}"
    responses = [
        created,
        editor_program.get(address),
        editor_program.patch(address, {"name": "Wrens"}),
        editor_program.put(address, BODIES["teams"]),
    ]
    assert [response.status_code for response in responses] == [201, 200, 200, 200]
    assert [list(response.json()) for response in responses] == [TEAM] * 4


def test_a_changed_team_is_nested_with_its_new_values(editor_program):
    old, new = TeamFactory(), TeamFactory()
    hero = HeroFactory(team=old)
    response = editor_program.patch(f"/api/v1/heroes/{hero.pk}", {"team_id": new.pk})
    assert response.json()["team"]["name"] == new.name
    response = editor_program.patch(f"/api/v1/heroes/{hero.pk}", {"team_id": None})
    assert (response.json()["team_id"], response.json()["team"]) == (None, None)


def test_rows_of_a_list_have_fewer_members(keeper_program):
    HeroFactory(team=TeamFactory())
    body = keeper_program.get("/api/v1/heroes/").json()
    assert list(body) == ["count", "count_is_exact", "next", "previous", "results"]
    assert list(body["results"][0]) == ROW
    body = keeper_program.get("/api/v1/teams/").json()
    assert list(body["results"][0]) == TEAM_ROW


def test_a_missing_age_or_team_is_null(visitor_program):
    body = visitor_program.get(f"/api/v1/heroes/{HeroFactory(age=None).pk}").json()
    assert (body["age"], body["team_id"], body["team"]) == (None, None, None)


def test_text_is_normalised_and_sent_as_utf_8(editor_program):
    response = editor_program.post("/api/v1/heroes/", {"name": "  E\u0301clair ☕  ", "secret_name": "x"})
    assert response.json()["name"] == "Éclair ☕"
    assert "Éclair ☕".encode() in response.content


# Replacing and changing -------------------------------------------------------------------


def test_put_replaces_everything(keeper_program):
    hero = HeroFactory(age=41, team=TeamFactory())
    body = keeper_program.put(f"/api/v1/heroes/{hero.pk}", {"name": "New", "secret_name": "Other"}).json()
    assert (body["name"], body["secret_name"], body["age"], body["team_id"]) == ("New", "Other", None, None)
    hero.refresh_from_db()
    assert (hero.name, hero.secret_name, hero.age, hero.team) == ("New", "Other", None, None)


def test_put_requires_every_required_member(keeper_program, editor_program):
    hero, team = HeroFactory(), TeamFactory()
    required = ("This field is required.", "required")
    response = keeper_program.put(f"/api/v1/heroes/{hero.pk}", {"age": 7})
    assert body_errors(response) == {"/name": required, "/secret_name": required}
    response = editor_program.put(f"/api/v1/teams/{team.pk}", {"name": "x"})
    assert body_errors(response) == {"/headquarters": required}
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


@paths
@pytest.mark.parametrize("who", ["editor", "keeper"])
@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_response_can_be_sent_back(method, who, path, request):
    client = request.getfixturevalue(f"{who}_program")
    team = TeamFactory()
    hero = HeroFactory(team=team)
    address = f"/api/v1/{path}/{hero.pk if path == 'heroes' else team.pk}"
    record = client.get(address).json()
    response = getattr(client, method)(address, record)
    assert (response.status_code, response.json()) == (200, record)
    response = getattr(client, method)(address, record | {"name": "New"})
    assert response.status_code == 200
    assert (response.json()["name"], response.json()["version"]) == ("New", 2)


def test_a_row_of_a_list_can_be_sent_back(keeper_program):
    hero = HeroFactory(team=TeamFactory())
    (row,) = keeper_program.get("/api/v1/heroes/").json()["results"]
    response = keeper_program.put(f"/api/v1/heroes/{hero.pk}", row)
    assert (response.status_code, response.json()["version"]) == (200, 1)


READ_ONLY = ("This field is read-only. Omit it, or send it back unchanged.", "read_only")


def test_changing_a_read_only_member_is_an_error(keeper_program):
    hero = HeroFactory(team=TeamFactory())
    address = f"/api/v1/heroes/{hero.pk}"
    current = keeper_program.get(address).json()
    members = [
        ("id", 999),
        ("id", "1"),
        ("created_at", "2001-01-01T00:00:00Z"),
        ("updated_at", None),
        ("team", None),
        ("team", {"name": "Other"}),
    ]
    with Cases() as case:
        for method, (name, value) in product(("put", "patch"), members):
            with case(method, name, value):
                response = getattr(keeper_program, method)(address, current | {name: value})
                assert body_errors(response) == {f"/{name}": READ_ONLY}
                assert Hero.objects.get().version == 1


@paths
def test_read_only_members_cannot_be_set_in_a_new_record(path, editor_program):
    with Cases() as case:
        for member in ("id", "version", "created_at", "updated_at"):
            with case(member):
                response = editor_program.post(f"/api/v1/{path}/", BODIES[path] | {member: 1})
                assert body_errors(response) == {f"/{member}": READ_ONLY}
                assert not RECORDS[path][0].objects.exists()


@pytest.mark.parametrize(
    ("member", "pointer"),
    [("nmae", "/nmae"), ("team", "/team"), ("a/b~c", "/a~1b~0c"), ("", "/"), ("name_key", "/name_key")],
)
def test_an_unknown_member_is_named_by_its_pointer(member, pointer, keeper_program):
    response = keeper_program.post("/api/v1/heroes/", BODIES["heroes"] | {member: "x"})
    message, code = body_errors(response)[pointer]
    if member == "team":
        assert (message, code) == READ_ONLY
    else:
        assert code == "unknown_member"
        assert message == "Unknown member. Use one of: name, secret_name, age, team_id."
    assert not Hero.objects.exists()


def test_all_errors_are_in_one_response(keeper_program):
    HeroFactory(name="Taken")
    body = {"name": "TAKEN", "secret_name": 7, "age": "41", "team_id": 999_999, "version": 2, "x": 1}
    errors = body_errors(keeper_program.post("/api/v1/heroes/", body))
    assert {pointer: code for pointer, (_message, code) in errors.items()} == {
        "/name": "unique",
        "/secret_name": "invalid_type",
        "/age": "invalid_type",
        "/team_id": "invalid",
        "/version": "read_only",
        "/x": "unknown_member",
    }


def test_a_body_that_is_not_an_object_is_an_error(editor_program):
    pk = HeroFactory().pk
    with Cases() as case:
        for method, body in product(("post", "put", "patch"), ([], "text", 7, None, True, [{"name": "x"}])):
            with case(method, body):
                address = "/api/v1/heroes/" if method == "post" else f"/api/v1/heroes/{pk}"
                text = json.dumps(body)
                response = getattr(editor_program, method)(address, text, content_type="application/json")
                assert body_errors(response) == {"": ("Send a JSON object.", "invalid_type")}


@pytest.mark.parametrize("body", ["", "{", "{'name': 1}", "name=x"])
def test_invalid_json_is_an_error_with_its_position(body, editor_program):
    response = editor_program.post("/api/v1/heroes/", body or " ", content_type="application/json")
    assert response.status_code == 400
    assert response.json()["detail"].startswith("The request body isn't valid JSON: ")
    assert "at line 1, column " in response.json()["detail"]
    assert problem(response, 400, "Bad Request", response.json()["detail"]) == []


@paths
def test_a_deleted_record_is_not_found(path, editor_program):
    address = f"/api/v1/{path}/{RECORDS[path][1]().pk}"
    response = editor_program.delete(address)
    assert (response.status_code, response.content) == (204, b"")
    assert editor_program.get(address).status_code == 404
    assert editor_program.delete(address).status_code == 404


# Addresses --------------------------------------------------------------------------------


@paths
def test_an_address_without_its_slash_is_the_same_resource(path, editor_program):
    factory = RECORDS[path][1]
    record = factory()
    for address in (f"/api/v1/{path}", f"/api/v1/{path}/{record.pk}"):
        with_slash, without = editor_program.get(f"{address}/"), editor_program.get(address)
        assert (with_slash.status_code, without.status_code) == (200, 200)
        assert with_slash.json() == without.json()
    for slash in ("", "/"):
        body = BODIES[path] | {"name": f"New{slash}"}
        assert editor_program.post(f"/api/v1/{path}{slash}", body).status_code == 201
        assert (
            editor_program.put(f"/api/v1/{path}/{record.pk}{slash}", body | {"name": "A"}).status_code == 200
        )
        assert editor_program.patch(f"/api/v1/{path}/{record.pk}{slash}", {"name": "B"}).status_code == 200
        assert editor_program.head(f"/api/v1/{path}/{record.pk}{slash}").status_code == 200
        assert editor_program.delete(f"/api/v1/{path}/{record.pk}{slash}").status_code == 204
        record = factory()


def test_the_index_links_to_each_list(visitor_program):
    index = visitor_program.get("/api/v1/").json()
    assert sorted(index) == ["changesets", "heroes", "teams"]
    for address in index.values():
        assert visitor_program.get(address).status_code == 200


# Errors -----------------------------------------------------------------------------------


@paths
def test_an_unknown_id_is_404_and_named_in_the_detail(path, editor_program):
    keys = ("999999", "0", "abc", "-1", "1.0", "٣", "9" * 30)
    with Cases() as case:
        for method, key in product(("get", "put", "patch", "delete"), keys):
            with case(method, key):
                response = getattr(editor_program, method)(f"/api/v1/{path}/{key}")
                detail = f"No {RECORDS[path][2]} has the id {key}."
                assert problem(response, 404, "Not Found", detail) == []


def test_an_unknown_address_is_not_found(visitor_program):
    response = visitor_program.get("/api/v1/villains/")
    assert problem(response, 404, "Not Found", "We can't find this page.") == []


@paths
def test_writing_without_a_token_is_401_and_names_the_header(path, visitor_program):
    pk = RECORDS[path][1]().pk
    for method in ("post", "put", "patch", "delete"):
        address = f"/api/v1/{path}/" + ("" if method == "post" else f"{pk}")
        response = getattr(visitor_program, method)(address, BODIES[path])
        detail = "Send Authorization: Bearer <token>."
        assert problem(response, 401, "Unauthorized", detail) == [], method
        assert response["WWW-Authenticate"] == "Bearer"


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
def test_an_unsupported_method_is_an_error_with_those_that_are_supported(
    address, method, allowed, editor_program
):
    response = getattr(editor_program, method)(address.format(HeroFactory().pk))
    detail = f"{method.upper()} isn't supported here. Use one of: {response['Allow']}."
    assert problem(response, 405, "Method Not Allowed", detail) == []
    assert sorted(response["Allow"].split(", ")) == sorted(allowed.split(", "))


def test_an_accept_header_without_json_is_an_error(visitor_program):
    headers = [
        *("text/html", "application/xml", "image/*", "application/json;q=0", "*/*;q=0.0"),
        *("*/*, Application/JSON; q=0", "application/*;q=0, text/html", "application/problem+json;q=0"),
    ]
    detail = "The API responds in JSON. Set Accept to application/json."
    with Cases() as case:
        for accept in headers:
            with case(accept):
                response = visitor_program.get("/api/v1/heroes/", HTTP_ACCEPT=accept)
                assert problem(response, 406, "Not Acceptable", detail) == []


def test_an_accept_header_with_json_gets_json(visitor_program):
    headers = [
        *("application/json", "*/*", "application/*", "text/html, */*;q=0.1", "text/html;q=0, */*"),
        *("application/problem+json", "Application/Problem+JSON; charset=utf-8, text/html"),
    ]
    content_types = {
        accept: visitor_program.get("/api/v1/heroes/", HTTP_ACCEPT=accept)["Content-Type"]
        for accept in headers
    }
    assert content_types == dict.fromkeys(headers, "application/json")


def test_a_body_of_another_media_type_is_an_error(editor_program):
    pk = HeroFactory().pk
    media_types = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")
    media_types += ("text/json",)
    with Cases() as case:
        for method, media_type in product(("POST", "PUT", "PATCH"), media_types):
            with case(method, media_type):
                address = "/api/v1/heroes/" if method == "POST" else f"/api/v1/heroes/{pk}"
                headers = {"If-Match": "*"}
                response = editor_program.generic(
                    method, address, '{"name": "x"}', media_type, headers=headers
                )
                detail = f"Unsupported media type “{media_type}”. Set Content-Type to application/json."
                assert problem(response, 415, "Unsupported Media Type", detail) == []


@pytest.mark.parametrize("query", ["limit=0", "nmae=x", "age=old", "id__in=1,x", "ordering=nmae", "cursor=x"])
def test_an_error_in_the_query_names_its_parameter(query, visitor_program):
    response = visitor_program.get(f"/api/v1/heroes/?{query}")
    (error,) = problem(response, 400, "Bad Request", "Invalid query parameters. See `errors`.")
    assert list(error) == ["parameter", "message", "code"]
    assert error["parameter"] == query.split("=")[0]


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_an_unknown_parameter_is_an_error_for_one_record(method, editor_program):
    hero = HeroFactory()
    response = editor_program.generic(method.upper(), f"/api/v1/heroes/{hero.pk}?limit=1")
    (error,) = problem(response, 400, "Bad Request", "Invalid query parameters. See `errors`.")
    assert error["parameter"] == "limit"
    assert Hero.objects.get().version == 1


def test_the_request_id_that_was_sent_is_in_the_response(visitor_program):
    addresses = ("/api/v1/heroes/", "/api/v1/heroes/999999", "/heroes/", "/nowhere")
    with Cases() as case:
        for address, request_id in product(addresses, ("abc-123", "A.b_c-9", "x" * 64)):
            with case(address, request_id):
                response = visitor_program.get(address, HTTP_X_REQUEST_ID=request_id)
                assert response["X-Request-Id"] == request_id
                if response.status_code == 404:
                    assert request_id in response.content.decode()


@pytest.mark.parametrize("request_id", ["", "x" * 65, "a b", "<b>", "é", "a;b", "a,b"])
def test_an_invalid_request_id_is_replaced(request_id, visitor_program):
    response = visitor_program.get("/api/v1/heroes/999999", HTTP_X_REQUEST_ID=request_id)
    assert uuid.UUID(response["X-Request-Id"])
    assert response.json()["request_id"] == response["X-Request-Id"]


def test_each_request_has_its_own_id(visitor_program):
    assert len({visitor_program.get("/api/v1/heroes/")["X-Request-Id"] for _request in range(5)}) == 5


# Nested records ---------------------------------------------------------------------------


def test_a_teams_heroes_are_nested_in_order_with_fewer_members(visitor_program):
    team = TeamFactory()
    for name in ("zed", "Éclair", "Alpha"):
        HeroFactory(name=name, age=None if name == "zed" else 41, team=team)
    HeroFactory(team=TeamFactory())
    body = visitor_program.get(f"/api/v1/teams/{team.pk}").json()
    assert [list(hero) for hero in body["heroes"]] == [["id", "name", "age"]] * 3
    members = [(hero["name"], hero["age"]) for hero in body["heroes"]]
    assert members == [("Alpha", 41), ("zed", None), ("Éclair", 41)]
    assert (body["hero_count"], body["more_heroes"]) == (3, None)


@pytest.mark.parametrize("number", [0, 1, 99, 100, 101, 205])
def test_at_most_a_hundred_heroes_are_nested_with_a_link_to_the_rest(number, visitor_program):
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


@paths
def test_head_has_the_headers_of_get_and_no_body(path, visitor_program):
    record = RECORDS[path][1]()
    for address in (f"/api/v1/{path}/", f"/api/v1/{path}/{record.pk}"):
        head, get = visitor_program.head(address), visitor_program.get(address)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("Content-Type", "Content-Length", "Vary", "Allow"):
            assert head[name] == get[name]
    assert visitor_program.head(f"/api/v1/{path}/999999").status_code == 404


@pytest.mark.parametrize("who", ["visitor", "editor"])
@paths
def test_options_lists_the_methods_and_no_members(path, who, request):
    client = request.getfixturevalue(f"{who}_program")
    record = RECORDS[path][1]()
    allowed = {
        f"/api/v1/{path}/": {"GET", "POST", "HEAD", "OPTIONS"},
        f"/api/v1/{path}/{record.pk}": {"GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"},
        f"/api/v1/{path}/bulk/": {"POST", "PATCH", "DELETE", "OPTIONS"},
        f"/api/v1/{path}/{record.pk}/history/1/revert/": {"POST", "OPTIONS"},
        "/api/v1/changesets/1/undo/": {"POST", "OPTIONS"},
        "/api/v1/changes/": {"GET", "HEAD", "OPTIONS"},
    }
    for address, methods in allowed.items():
        response = client.options(address)
        assert (response.status_code, response.content) == (204, b"")
        assert set(response["Allow"].split(", ")) == methods


def test_json_sent_to_a_page_is_415_and_names_the_api(editor):
    response = browser(editor).post("/heroes/new/", BODIES["heroes"], content_type="application/json")
    assert response.status_code == 415
    assert "/api/v1/" in response.content.decode()
    assert not Hero.objects.exists()


@paths
def test_an_exception_is_500_without_details(path, editor_program, monkeypatch):
    def fail(*args):
        raise RuntimeError("details")

    monkeypatch.setattr("heroesite.records.api.viewsets.RecordPagination.paginate_queryset", fail)
    response = editor_program.get(f"/api/v1/{path}/")
    detail = "Something went wrong on our end. The error has been logged; please try again."
    assert problem(response, 500, "Internal Server Error", detail) == []
