"""The OpenAPI description is valid, complete and correct, and the same for all users."""

import gzip
import json
import re
from datetime import timedelta

import jsonschema
import pytest
from django.test import override_settings
from django.utils import timezone
from drf_spectacular.validation import validate_schema

from heroes.models import Hero
from heroesite.api import limits
from heroesite.api.models import IdempotencyKey
from heroesite.api.openapi.examples import UNKNOWN_ID
from heroesite.api.openapi.schema import DRY_RUN_EXAMPLE
from heroesite.records.audit.change_sets import ChangeSet
from teams.models import Team
from tests.cases import Cases
from tests.factories import HeroFactory, TeamFactory
from tests.markup import read
from tests.people import browser, program

pytestmark = pytest.mark.django_db

MODELS = {"heroes": (Hero, HeroFactory), "teams": (Team, TeamFactory)}
OPERATIONS = [
    ("/api/v1/changesets/", "get", "List change sets"),
    ("/api/v1/changesets/{id}/", "get", "Get a change set"),
    ("/api/v1/changes/", "get", "List all changes"),
    ("/api/v1/heroes/{id}/history/", "get", "List the history of a hero"),
    ("/api/v1/teams/{id}/history/", "get", "List the history of a team"),
    ("/api/v1/heroes/", "get", "List heroes"),
    ("/api/v1/heroes/", "post", "Create a hero"),
    ("/api/v1/heroes/bulk/", "post", "Create heroes in bulk"),
    ("/api/v1/heroes/bulk/", "patch", "Update heroes in bulk"),
    ("/api/v1/heroes/bulk/", "delete", "Delete heroes in bulk"),
    ("/api/v1/teams/bulk/", "post", "Create teams in bulk"),
    ("/api/v1/teams/bulk/", "patch", "Update teams in bulk"),
    ("/api/v1/teams/bulk/", "delete", "Delete teams in bulk"),
    ("/api/v1/heroes/{id}/", "get", "Get a hero"),
    ("/api/v1/heroes/{id}/", "put", "Replace a hero"),
    ("/api/v1/heroes/{id}/", "patch", "Update a hero"),
    ("/api/v1/heroes/{id}/", "delete", "Delete a hero"),
    ("/api/v1/teams/", "get", "List teams"),
    ("/api/v1/teams/", "post", "Create a team"),
    ("/api/v1/teams/{id}/", "get", "Get a team"),
    ("/api/v1/teams/{id}/", "put", "Replace a team"),
    ("/api/v1/teams/{id}/", "patch", "Update a team"),
    ("/api/v1/teams/{id}/", "delete", "Delete a team"),
    ("/api/v1/changesets/{id}/undo/", "post", "Undo a change set"),
    ("/api/v1/heroes/{id}/history/{version}/revert/", "post", "Revert a hero"),
    ("/api/v1/teams/{id}/history/{version}/revert/", "post", "Revert a team"),
]
writes = [
    (path, method)
    for path, method, _summary in OPERATIONS
    if method in ("post", "put", "patch") and not path.endswith(("undo/", "revert/", "bulk/"))
]
models = pytest.mark.parametrize("path", MODELS)


@pytest.fixture(scope="module")
def schema():
    response = program().get("/api/schema/")
    assert response.status_code == 200
    return response.json()


def media(described, media_type="application/json"):
    """Return the description of a body."""
    assert list(described["content"]) == [media_type]
    return described["content"][media_type]


def example(described):
    """Return the example that isn't that of a dry run."""
    (only,) = (value for name, value in media(described)["examples"].items() if name != DRY_RUN_EXAMPLE)
    return only["value"]


def success(schema, path, method):
    responses = schema["paths"][path][method]["responses"]
    status = max(status for status in responses if status.startswith("2"))  # a dry run is a 200
    return int(status), responses[status]


def validator(described, schema):
    whole = {**described, "components": schema["components"]}
    return jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())


def check(value, described, schema):
    """Check that ``value`` is valid, including its formats, and has no members that aren't described."""
    validator(described, schema).validate(value)
    check_members(value, described, schema)


def check_members(value, described, schema):
    """Check that the description has all members of ``value``."""
    if "$ref" in described:
        described = schema["components"]["schemas"][described["$ref"].rsplit("/", 1)[1]]
    for choice in [*described.get("oneOf", []), *described.get("anyOf", [])]:
        if value is not None and validator(choice, schema).is_valid(value):
            check_members(value, choice, schema)
    if isinstance(value, list):
        for item in value:
            check_members(item, described["items"], schema)
    elif isinstance(value, dict) and "properties" in described:
        assert value.keys() <= described["properties"].keys()
        for name, inner in value.items():
            check_members(inner, described["properties"][name], schema)


def test_it_is_valid_openapi_3_1(schema):
    assert schema["openapi"].startswith("3.1.")
    validate_schema(schema)


@pytest.mark.parametrize("who", ["editor", "keeper", "administrator"])
def test_it_is_the_same_for_all_users(who, schema, request):
    user = request.getfixturevalue(who)
    assert program(user).get("/api/schema/").json() == schema
    assert browser(user).get("/api/schema/").json() == schema


def test_it_describes_these_operations_and_no_others(schema):
    described = [
        (path, method, operation["summary"])
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]
    assert sorted(described) == sorted(OPERATIONS)


def test_each_operation_has_its_own_id(schema):
    names = [schema["paths"][path][method]["operationId"] for path, method, _summary in OPERATIONS]
    assert len(set(names)) == len(names)


def test_each_operation_has_a_description(schema):
    descriptions = {
        (path, method): schema["paths"][path][method]["description"] for path, method, _summary in OPERATIONS
    }
    invalid = {name: text for name, text in descriptions.items() if not re.fullmatch(r"[A-Z][^{}]+\.", text)}
    assert not invalid


def test_each_operation_has_examples(schema):
    with Cases() as case:
        for path, method, _summary in OPERATIONS:
            with case(method, path):
                operation = schema["paths"][path][method]
                if "requestBody" in operation:
                    body = operation["requestBody"]
                    check(example(body), media(body)["schema"], schema)
                status, response = success(schema, path, method)
                if status == 204:
                    assert "content" not in response
                else:
                    check(example(response), media(response)["schema"], schema)


def error_statuses(path, method):
    """Return the statuses of the errors that an operation can respond with."""
    statuses = {"400", "401", "406", "429"}
    statuses |= {"404"} if "{id}" in path else set()
    statuses |= {"403"} if method != "get" else set()
    bulk = path.endswith("bulk/")
    statuses |= {"413", "415", "422"} if method in ("post", "put", "patch") or bulk else set()
    statuses |= {"409"} if method in ("post", "patch") or bulk else set()
    one = path.endswith("{id}/") and "changesets" not in path
    statuses |= {"412"} if one or "revert" in path or bulk or (path, method) in writes else set()
    statuses |= {"428"} if method == "put" else set()
    return statuses


def test_each_operation_has_an_example_of_each_error(schema):
    with Cases() as case:
        for path, method, _summary in OPERATIONS:
            with case(method, path):
                responses = schema["paths"][path][method]["responses"]
                statuses = {status for status in responses if status >= "4"}
                assert statuses == error_statuses(path, method)
                for status in statuses:
                    problem = media(responses[status], "application/problem+json")
                    assert problem["examples"]
                    for named in problem["examples"].values():
                        check(named["value"], problem["schema"], schema)
                        assert named["value"]["status"] == int(status)
                        assert named["value"]["title"] == responses[status]["description"]


def test_each_operation_accepts_a_token_or_a_session(schema):
    with Cases() as case:
        for path, method, _summary in OPERATIONS:
            with case(method, path):
                security = schema["paths"][path][method]["security"]
                schemes = {name for scheme in security for name in scheme}
                assert {"bearer", "cookieAuth"} <= schemes
                assert schemes <= schema["components"]["securitySchemes"].keys()


# The description against the site ---------------------------------------------------------


def prepare(name, sent):
    """Create the record to write to, and the team of the example."""
    if name in ("changesets", "changes"):
        HeroFactory()
        return ChangeSet.objects.get()
    if isinstance(sent, dict) and sent.get("team_id"):
        TeamFactory(pk=sent["team_id"])
    return MODELS[name][1]()


def send_example(client, path, method, schema):
    sent = example(schema["paths"][path][method]["requestBody"])
    record = prepare(path.split("/")[3], sent)
    return sent, getattr(client, method)(path.format(id=record.pk), sent)


@pytest.mark.parametrize(("path", "method"), writes)
def test_the_example_of_a_request_gets_the_example_of_the_response(path, method, schema, keeper_program):
    sent, response = send_example(keeper_program, path, method, schema)
    status, described = success(schema, path, method)
    assert response.status_code == status, response.content
    body, expected = response.json(), example(described)
    assert body.keys() == expected.keys()
    assert {name: body[name] for name in sent} == sent == {name: expected[name] for name in sent}
    check(body, media(described)["schema"], schema)
    if expected.get("team"):
        assert body["team"].keys() == expected["team"].keys()


@models
def test_a_response_has_the_members_of_its_example(path, schema, keeper_program):
    team = TeamFactory()
    hero = HeroFactory(team=team)
    body = keeper_program.get(f"/api/v1/{path}/{hero.pk if path == 'heroes' else team.pk}").json()
    expected = example(success(schema, f"/api/v1/{path}/{{id}}/", "get")[1])
    assert body.keys() == expected.keys()
    page = keeper_program.get(f"/api/v1/{path}/").json()
    expected = example(success(schema, f"/api/v1/{path}/", "get")[1])
    assert page.keys() == expected.keys()
    assert page["results"][0].keys() == expected["results"][0].keys()


@models
@pytest.mark.parametrize("who", ["visitor", "editor", "keeper"])
def test_records_are_as_described_for_all_users(who, path, schema, request):
    client = request.getfixturevalue(f"{who}_program")
    team = TeamFactory()
    HeroFactory(team=team)
    HeroFactory(team=None, age=None)
    described = media(success(schema, f"/api/v1/{path}/", "get")[1])["schema"]
    for query in ("", "?limit=1", "?limit=1&offset=1", "?search=nobody"):
        check(client.get(f"/api/v1/{path}/{query}").json(), described, schema)
    described = media(success(schema, f"/api/v1/{path}/{{id}}/", "get")[1])["schema"]
    for pk in MODELS[path][0].objects.values_list("pk", flat=True):
        check(client.get(f"/api/v1/{path}/{pk}").json(), described, schema)


@pytest.mark.parametrize("who", ["visitor", "editor", "keeper"])
def test_the_history_is_as_described_for_all_users(who, schema, request):
    client = request.getfixturevalue(f"{who}_program")
    hero = HeroFactory(team=TeamFactory())
    hero.age, hero.team, hero.secret_name = None, None, "Nora Vane"
    hero.save()
    for path, pk in (
        ("/api/v1/heroes/{id}/history/", hero.pk),
        ("/api/v1/changesets/", 0),
        ("/api/v1/changesets/{id}/", ChangeSet.objects.first().pk),
    ):
        described = media(success(schema, path, "get")[1])["schema"]
        check(client.get(path.format(id=pk)).json(), described, schema)
    described = media(success(schema, "/api/v1/heroes/{id}/", "get")[1])["schema"]
    check(client.get(f"/api/v1/heroes/{hero.pk}?as_of=2100-01-01T00:00:00Z").json(), described, schema)


def test_a_long_team_is_as_described(schema, visitor_program):
    team = TeamFactory()
    Hero.objects.create_all([HeroFactory.build(team=team) for _hero in range(101)])
    described = media(success(schema, "/api/v1/teams/{id}/", "get")[1])["schema"]
    check(visitor_program.get(f"/api/v1/teams/{team.pk}").json(), described, schema)


@models
def test_the_example_of_a_list_links_to_pages_of_that_list(path, schema):
    _status, described = success(schema, f"/api/v1/{path}/", "get")
    link = f"http://127.0.0.1:8000/api/v1/{path}/?limit=100"
    assert (example(described)["next"], example(described)["previous"]) == (f"{link}&offset=200", link)


@pytest.mark.parametrize(
    ("address", "method", "body"),
    [
        ("/api/v1/heroes/?limit=0", "get", None),
        ("/api/v1/heroes/999999", "get", None),
        ("/api/v1/heroes/", "post", {}),
        ("/api/v1/heroes/", "put", {}),
        ("/api/v1/nowhere", "get", None),
    ],
)
def test_every_error_is_as_described(address, method, body, schema, editor_program, visitor_program):
    for client in (editor_program, visitor_program):
        response = getattr(client, method)(address, body)
        assert response.status_code >= 400
        check(response.json(), schema["components"]["schemas"]["Problem"], schema)


def provoke(error, client, path, method, sent, pk, reader):
    """Call an operation so that it responds with the error of that name."""
    address, body, media_type = path.replace("{version}", "1"), json.dumps(sent), "application/json"
    headers = {}
    model, factory = MODELS.get(path.split("/")[3], (None, None))
    if method == "put" and error != "no If-Match":
        headers["HTTP_IF_MATCH"] = "*"
    if error == "parameter":
        address += "?limit=1000" if "{id}" not in path and method == "get" else "?colour=red"
        address = address.replace("/changes/?limit=1000", "/changes/?after=x")
    elif error == "token":
        client, headers["HTTP_AUTHORIZATION"] = browser(), "Bearer x"
    elif error == "permission":
        client = program(reader)
    elif error == "limit":
        with override_settings(LIMITS={"token": 1, "user": 0, "address": 0}):
            limits.counter.allowances.clear()
            client.get("/api/v1/")
            return client.generic(method.upper(), address.format(id=pk), body, media_type, **headers)
    elif error == "accept":
        headers["HTTP_ACCEPT"] = "text/html"
    elif error == "not JSON":
        body = '{"name"'
    elif error == "too large":
        headers["CONTENT_LENGTH"] = "11000000"
    elif error == "media type":
        media_type = "text/plain"
    elif error == "body":
        body = json.dumps([] if isinstance(sent, list) else sent | {"name": ""})
    elif error == "id":
        pk = UNKNOWN_ID
    elif error == "stale":
        pk = factory().pk
        headers["HTTP_IF_MATCH"] = '"another"'
    elif error == "If-Match":
        headers["HTTP_IF_MATCH"] = '"another"'
    elif error == "stale version":
        pk = factory().pk
        body = json.dumps([{"id": pk, "version": 2}] if "bulk" in path else {"version": 2})
    elif error == "deleted version":
        model.objects.all().delete()
        address = path.replace("{version}", "2")
    elif error == "nothing":
        pk = ChangeSet.objects.create(source="command").pk
    elif error == "key":
        headers["HTTP_IDEMPOTENCY_KEY"] = "with blanks"
    elif error in ("key reused", "key in use"):
        headers["HTTP_IDEMPOTENCY_KEY"] = "used"
        client.generic(method.upper(), address.format(id=pk), body, media_type, **headers)
        if error == "key in use":
            now = timezone.now()
            IdempotencyKey.objects.update(status=None, leased_until=now + timedelta(minutes=1))
        else:
            body += " "
    return client.generic(method.upper(), address.format(id=pk), body, media_type, **headers)


def test_each_error_is_as_in_its_example(schema, keeper_program, reader):
    with Cases() as case:
        for path, method, _summary in OPERATIONS:
            with case(method, path):
                check_errors(path, method, schema, keeper_program, reader)


def check_errors(path, method, schema, client, reader):
    """Check that an operation responds with each of its errors as in the example."""
    operation = schema["paths"][path][method]
    sent = example(operation["requestBody"]) if "requestBody" in operation else {}
    pk = prepare(path.split("/")[3], sent).pk
    for status, response in operation["responses"].items():
        if status >= "4":
            for error, expected in media(response, "application/problem+json")["examples"].items():
                problem = provoke(error, client, path, method, sent, pk, reader).json()
                assert plain(problem) == plain(expected["value"]), error


def plain(problem):
    """Return a problem without what differs each time, and without the numbers of a limit."""
    detail = re.sub(r"[\d,]+ (requests|seconds)", r"0 \1", problem["detail"])
    return problem | {"request_id": "", "detail": detail}


def test_a_required_if_match_is_described(settings):
    settings.REQUIRE_IF_MATCH = True
    described = browser().get("/api/schema/").json()["paths"]["/api/v1/heroes/{id}/"]
    assert all("428" in described[method]["responses"] for method in ("put", "patch", "delete"))


def test_a_304_is_described(schema):
    for path in MODELS:
        assert "304" in schema["paths"][f"/api/v1/{path}/{{id}}/"]["get"]["responses"]


def test_a_version_can_be_sent_to_update_a_record(schema):
    for name in ("PatchedHeroRequest", "PatchedHeroWithIdRequest", "RecordRequest"):
        assert "version" in schema["components"]["schemas"][name]["properties"]
    assert "version" not in schema["components"]["schemas"]["HeroRequest"]["properties"]


def test_a_secret_name_is_required_in_requests_and_optional_in_responses(schema):
    components = schema["components"]["schemas"]
    assert "secret_name" in components["HeroRequest"]["required"]
    for name in ("Hero", "HeroRow"):
        assert "secret_name" in components[name]["properties"]
        assert "secret_name" not in components[name]["required"]


@pytest.mark.parametrize("path", ["/api/v1/heroes/", "/api/v1/teams/"])
def test_each_parameter_is_described_once_and_supported(path, schema, visitor_program):
    parameters = schema["paths"][path]["get"]["parameters"]
    names = [parameter["name"] for parameter in parameters]
    assert len(set(names)) == len(names)
    assert {"search", "ordering", "limit", "offset", "name", "name__icontains"} <= set(names)
    assert not [name for name in names if "secret" in name]
    for name in names:
        [error] = visitor_program.get(path, {name: ""}).json()["errors"]
        assert (error["parameter"], error["code"]) == (name, "empty")
    unknown = visitor_program.get(path, {"zzz": 1}).json()["errors"][0]["message"]
    assert sorted(re.findall(r"\w+", unknown.split(":")[1])) == sorted(names)


def test_each_described_ordering_is_supported(schema, visitor_program):
    TeamFactory()
    for path in ("/api/v1/heroes/", "/api/v1/teams/"):
        (ordering,) = [p for p in schema["paths"][path]["get"]["parameters"] if p["name"] == "ordering"]
        for value in ordering["schema"]["items"]["enum"]:
            assert visitor_program.get(path, {"ordering": value}).status_code == 200


# The pages that show it -------------------------------------------------------------------


@pytest.mark.parametrize(("short", "long"), [("/docs", "/api/docs/"), ("/redoc", "/api/redoc/")])
def test_the_short_addresses_redirect_to_the_pages(short, long, visitor_browser):
    response = visitor_browser.get(short)
    assert (response.status_code, response["Location"]) == (302, long)
    assert visitor_browser.get(long).status_code == 200


@pytest.mark.parametrize("page", ["/api/docs/", "/api/redoc/"])
def test_the_pages_load_nothing_from_other_sites(page, visitor_browser):
    response = visitor_browser.get(page)
    assert not re.search(r"(https?:)?//\w", response.content.decode())
    for element in read(response):
        for name in ("src", "href", "spec-url", "data-schema"):
            if address := element.attributes.get(name):
                assert address.startswith("/")
                assert visitor_browser.get(address).status_code == 200


def test_the_reference_script_loads_nothing_from_other_sites(visitor_browser):
    address = read(visitor_browser.get("/api/redoc/")).one("script")["src"]
    response = visitor_browser.get(address)
    script = response.content.decode()
    assert response["Content-Type"] == "text/javascript"
    assert "immutable" in response["Cache-Control"]
    assert visitor_browser.get("/api/redoc-000000000000.js").status_code == 404
    assert len(script) > 100_000
    assert "cdn.redoc.ly" not in script
    assert "redoc.standalone.js.map" not in script


def test_the_reference_script_is_compressed_for_clients_that_accept_it(visitor_browser):
    address = read(visitor_browser.get("/api/redoc/")).one("script")["src"]
    script = visitor_browser.get(address).content
    compressed = {
        "gzip, br": True,
        "br, GZIP;q=0.5": True,
        "gzip;q=0.001": True,
        "": False,
        "br": False,
        "gzip;q=0": False,
        "gzip; q=0.000, br": False,
    }
    with Cases() as case:
        for accepted, is_compressed in compressed.items():
            with case(accepted):
                response = visitor_browser.get(address, headers={"Accept-Encoding": accepted})
                assert "Accept-Encoding" in response["Vary"]
                assert (response.get("Content-Encoding") == "gzip") == is_compressed
                content = response.content
                assert (gzip.decompress(content) if is_compressed else content) == script


def test_the_pages_are_read_only(editor_browser):
    statuses = {
        (method, page): getattr(editor_browser, method)(page).status_code
        for method in ("post", "put", "delete")
        for page in ("/api/docs/", "/api/redoc/", "/api/schema/")
    }
    assert statuses == dict.fromkeys(statuses, 405)


@pytest.mark.parametrize("address", ["/api/v1", "/api/schema", "/api/docs", "/api/redoc"])
def test_an_address_without_its_slash_is_no_redirect(address, visitor_browser):
    short, long = visitor_browser.get(address), visitor_browser.get(f"{address}/")
    assert (short.status_code, long.status_code) == (200, 200)
    assert short.content == long.content


@pytest.mark.parametrize("address", ["/docs/", "/redoc/"])
def test_the_short_addresses_work_with_a_slash_as_well(address, visitor_browser):
    assert visitor_browser.get(address).status_code == 302


@pytest.mark.parametrize("public", [True, False])
def test_reading_without_a_token_is_described_if_it_is_allowed(public, settings):
    settings.PUBLIC_READ = public
    paths = browser().get("/api/schema/").json()["paths"]
    open_operations = {
        (path, method) for path, method, _summary in OPERATIONS if {} in paths[path][method]["security"]
    }
    expected = {(path, method) for path, method, _summary in OPERATIONS if public and method == "get"}
    assert open_operations == expected
