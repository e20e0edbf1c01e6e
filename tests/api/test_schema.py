"""The description of the API is valid, complete and true, and the same for everybody."""

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
from heroesite.api.limits import counts
from heroesite.api.models import IdempotencyKey
from heroesite.api.openapi.schema import REHEARSED
from heroesite.records.audit.change_sets import ChangeSet
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.markup import read
from tests.people import browser, program

pytestmark = pytest.mark.django_db

KINDS = {"heroes": (Hero, HeroFactory), "teams": (Team, TeamFactory)}
OPERATIONS = [
    ("/api/v1/changesets/", "get", "List change sets"),
    ("/api/v1/changesets/{id}/", "get", "Read one change set"),
    ("/api/v1/changes/", "get", "Follow all changes"),
    ("/api/v1/heroes/{id}/history/", "get", "List what was done to a hero"),
    ("/api/v1/teams/{id}/history/", "get", "List what was done to a team"),
    ("/api/v1/heroes/", "get", "List heroes"),
    ("/api/v1/heroes/", "post", "Create a hero"),
    ("/api/v1/heroes/bulk/", "post", "Create many heroes"),
    ("/api/v1/heroes/bulk/", "patch", "Change many heroes"),
    ("/api/v1/heroes/bulk/", "delete", "Delete many heroes"),
    ("/api/v1/teams/bulk/", "post", "Create many teams"),
    ("/api/v1/teams/bulk/", "patch", "Change many teams"),
    ("/api/v1/teams/bulk/", "delete", "Delete many teams"),
    ("/api/v1/heroes/{id}/", "get", "Read one hero"),
    ("/api/v1/heroes/{id}/", "put", "Replace a hero"),
    ("/api/v1/heroes/{id}/", "patch", "Change a hero"),
    ("/api/v1/heroes/{id}/", "delete", "Delete a hero"),
    ("/api/v1/teams/", "get", "List teams"),
    ("/api/v1/teams/", "post", "Create a team"),
    ("/api/v1/teams/{id}/", "get", "Read one team"),
    ("/api/v1/teams/{id}/", "put", "Replace a team"),
    ("/api/v1/teams/{id}/", "patch", "Change a team"),
    ("/api/v1/teams/{id}/", "delete", "Delete a team"),
    ("/api/v1/changesets/{id}/undo/", "post", "Undo a change set"),
    ("/api/v1/heroes/{id}/history/{version}/revert/", "post", "Give a hero the values that it had"),
    ("/api/v1/teams/{id}/history/{version}/revert/", "post", "Give a team the values that it had"),
]
operations = pytest.mark.parametrize(("path", "method"), [operation[:2] for operation in OPERATIONS])
writes = [
    (path, method)
    for path, method, _summary in OPERATIONS
    if method in ("post", "put", "patch") and not path.endswith(("undo/", "revert/", "bulk/"))
]
kinds = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def schema():
    answer = program().get("/api/schema/")
    assert answer.status_code == 200
    return answer.json()


def media(described, kind="application/json"):
    """What is described of a body of that kind."""
    assert list(described["content"]) == [kind]
    return described["content"][kind]


def example(described):
    """What is shown, beside what a rehearsal answers."""
    (only,) = (shown for name, shown in media(described)["examples"].items() if name != REHEARSED)
    return only["value"]


def success(schema, path, method):
    responses = schema["paths"][path][method]["responses"]
    status = max(status for status in responses if status.startswith("2"))  # a rehearsal is a 200
    return int(status), responses[status]


def validator(described, schema):
    whole = {**described, "components": schema["components"]}
    return jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())


def check(value, described, schema):
    """That ``value`` is as ``described``, formats and all, and has nothing that is not."""
    validator(described, schema).validate(value)
    undescribed(value, described, schema)


def undescribed(value, described, schema):
    """Refuse members that the description does not know."""
    if "$ref" in described:
        described = schema["components"]["schemas"][described["$ref"].rsplit("/", 1)[1]]
    for choice in [*described.get("oneOf", []), *described.get("anyOf", [])]:
        if value is not None and validator(choice, schema).is_valid(value):
            undescribed(value, choice, schema)
    if isinstance(value, list):
        for item in value:
            undescribed(item, described["items"], schema)
    elif isinstance(value, dict) and "properties" in described:
        assert value.keys() <= described["properties"].keys()
        for name, inner in value.items():
            undescribed(inner, described["properties"][name], schema)


def test_it_is_valid_openapi_3_1(schema):
    assert schema["openapi"].startswith("3.1.")
    validate_schema(schema)


@pytest.mark.parametrize("who", ["editor", "keeper", "administrator"])
def test_it_is_the_same_for_everybody(who, schema, request):
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


def test_each_operation_has_a_name_of_its_own(schema):
    names = [schema["paths"][path][method]["operationId"] for path, method, _summary in OPERATIONS]
    assert len(set(names)) == len(names)


@operations
def test_each_operation_shows_examples(path, method, schema):
    operation = schema["paths"][path][method]
    if "requestBody" in operation:
        check(example(operation["requestBody"]), media(operation["requestBody"])["schema"], schema)
    status, response = success(schema, path, method)
    if status == 204:
        assert "content" not in response
    else:
        check(example(response), media(response)["schema"], schema)


@operations
def test_each_operation_tells_its_errors_with_an_example(path, method, schema):
    responses = schema["paths"][path][method]["responses"]
    expected = {"400", "401", "406", "429"}
    expected |= {"404"} if "{id}" in path else set()
    expected |= {"403"} if method != "get" else set()
    bulk = path.endswith("bulk/")
    expected |= {"413", "415", "422"} if method in ("post", "put", "patch") or bulk else set()
    expected |= {"409"} if method in ("post", "patch") or bulk else set()
    one = path.endswith("{id}/") and "changesets" not in path
    expected |= {"412"} if one or "revert" in path or bulk or (path, method) in writes else set()
    expected |= {"428"} if method == "put" else set()
    assert {status for status in responses if status >= "4"} == expected
    for status in expected:
        problem = media(responses[status], "application/problem+json")
        assert problem["examples"]
        for shown in problem["examples"].values():
            check(shown["value"], problem["schema"], schema)
            assert shown["value"]["status"] == int(status)
            assert shown["value"]["title"] == responses[status]["description"]


@operations
def test_each_operation_may_be_called_with_a_token_or_a_session(path, method, schema):
    ways = {name for way in schema["paths"][path][method]["security"] for name in way}
    assert {"bearer", "cookieAuth"} <= ways
    assert ways <= schema["components"]["securitySchemes"].keys()


# The description against the site ---------------------------------------------------------


def prepare(kind, sent):
    """The record to write to, and the team that the example speaks of."""
    if kind in ("changesets", "changes"):
        HeroFactory()
        return ChangeSet.objects.get()
    if isinstance(sent, dict) and sent.get("team_id"):
        TeamFactory(pk=sent["team_id"])
    return KINDS[kind][1]()


def send_example(client, path, method, schema):
    sent = example(schema["paths"][path][method]["requestBody"])
    kind = path.split("/")[3]
    record = prepare(kind, sent)
    return sent, getattr(client, method)(path.format(id=record.pk), sent)


@pytest.mark.parametrize(("path", "method"), writes)
def test_the_example_of_a_request_is_accepted_and_answered_as_shown(path, method, schema, keeper_program):
    sent, answer = send_example(keeper_program, path, method, schema)
    status, response = success(schema, path, method)
    assert answer.status_code == status, answer.content
    body, shown = answer.json(), example(response)
    assert body.keys() == shown.keys()
    assert {name: body[name] for name in sent} == sent == {name: shown[name] for name in sent}
    check(body, media(response)["schema"], schema)
    if shown.get("team"):
        assert body["team"].keys() == shown["team"].keys()


@kinds
def test_an_answer_has_the_members_of_its_example(kind, schema, keeper_program):
    team = TeamFactory()
    hero = HeroFactory(team=team)
    one = f"/api/v1/{kind}/{hero.pk if kind == 'heroes' else team.pk}"
    body = keeper_program.get(one).json()
    shown = example(success(schema, f"/api/v1/{kind}/{{id}}/", "get")[1])
    assert body.keys() == shown.keys()
    listed = keeper_program.get(f"/api/v1/{kind}/").json()
    shown = example(success(schema, f"/api/v1/{kind}/", "get")[1])
    assert listed.keys() == shown.keys()
    assert listed["results"][0].keys() == shown["results"][0].keys()


@kinds
@pytest.mark.parametrize("who", ["visitor", "editor", "keeper"])
def test_every_answer_is_as_described_whoever_asks(who, kind, schema, request):
    client = request.getfixturevalue(f"{who}_program")
    team = TeamFactory()
    HeroFactory(team=team)
    HeroFactory(team=None, age=None)
    described = media(success(schema, f"/api/v1/{kind}/", "get")[1])["schema"]
    for query in ("", "?limit=1", "?limit=1&offset=1", "?search=nobody"):
        check(client.get(f"/api/v1/{kind}/{query}").json(), described, schema)
    described = media(success(schema, f"/api/v1/{kind}/{{id}}/", "get")[1])["schema"]
    for pk in KINDS[kind][0].objects.values_list("pk", flat=True):
        check(client.get(f"/api/v1/{kind}/{pk}").json(), described, schema)


@pytest.mark.parametrize("who", ["visitor", "editor", "keeper"])
def test_every_answer_about_the_past_is_as_described_whoever_asks(who, schema, request):
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


@kinds
def test_the_links_to_other_pages_are_of_the_list_itself(kind, schema):
    _status, response = success(schema, f"/api/v1/{kind}/", "get")
    link = f"http://127.0.0.1:8000/api/v1/{kind}/?limit=100"
    assert (example(response)["next"], example(response)["previous"]) == (f"{link}&offset=200", link)


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
        answer = getattr(client, method)(address, body)
        assert answer.status_code >= 400
        check(answer.json(), schema["components"]["schemas"]["Problem"], schema)


def provoke(fault, client, path, method, sent, pk, reader):
    """Call an operation as the example of an error says that it should not be called."""
    address, body, kind, headers = path.replace("{version}", "1"), json.dumps(sent), "application/json", {}
    if method == "put" and fault != "unconditional":
        headers["HTTP_IF_MATCH"] = "*"
    if fault == "parameter":
        address += "?limit=1000" if "{id}" not in path and method == "get" else "?colour=red"
        address = address.replace("/changes/?limit=1000", "/changes/?after=x")
    elif fault == "token":
        client, headers["HTTP_AUTHORIZATION"] = browser(), "Bearer x"
    elif fault == "permission":
        client = program(reader)
    elif fault == "limit":
        with override_settings(LIMITS={"token": 1, "user": 0, "address": 0}):
            counts.lots.clear()
            client.get("/api/v1/")
            return client.generic(method.upper(), address.format(id=pk), body, kind, **headers)
    elif fault == "accept":
        headers["HTTP_ACCEPT"] = "text/html"
    elif fault == "not JSON":
        body = '{"name"'
    elif fault == "too large":
        headers["CONTENT_LENGTH"] = "11000000"
    elif fault == "not application/json":
        kind = "text/plain"
    elif fault == "rule":
        body = json.dumps([] if isinstance(sent, list) else sent | {"name": ""})
    elif fault == "id":
        pk = 999_999
    elif fault == "stale":
        pk = KINDS[path.split("/")[3]][1]().pk
        headers["HTTP_IF_MATCH"] = '"another"'
    elif fault == "nothing to match":
        headers["HTTP_IF_MATCH"] = '"another"'
    elif fault == "stale item":
        pk = KINDS[path.split("/")[3]][1]().pk
        body = json.dumps([{"id": pk, "version": 2}])
    elif fault == "deleted then":
        KINDS[path.split("/")[3]][0].objects.all().delete()
        address = path.replace("{version}", "2")
    elif fault == "nothing":
        pk = ChangeSet.objects.create(door="command").pk
    elif fault == "key":
        headers["HTTP_IDEMPOTENCY_KEY"] = "with blanks"
    elif fault in ("key reused", "key in use"):
        headers["HTTP_IDEMPOTENCY_KEY"] = "used"
        client.generic(method.upper(), address.format(id=pk), body, kind, **headers)
        if fault == "key in use":
            now = timezone.now()
            IdempotencyKey.objects.update(status=None, leased_until=now + timedelta(minutes=1))
        else:
            body += " "
    return client.generic(method.upper(), address.format(id=pk), body, kind, **headers)


@operations
def test_each_error_is_answered_as_its_example_shows(path, method, schema, keeper_program, reader):
    operation = schema["paths"][path][method]
    sent = example(operation["requestBody"]) if "requestBody" in operation else {}
    pk = prepare(path.split("/")[3], sent).pk
    for status, response in operation["responses"].items():
        if status >= "4":
            for fault, shown in media(response, "application/problem+json")["examples"].items():
                answer = provoke(fault, keeper_program, path, method, sent, pk, reader)
                assert plain(answer.json()) == plain(shown["value"])


def plain(problem):
    """A problem without what differs each time, and without the numbers of a limit."""
    detail = re.sub(r"[\d,]+ (requests|seconds)", r"0 \1", problem["detail"])
    return problem | {"request_id": "", "detail": detail}


def test_where_if_match_is_demanded_the_description_says_so(settings):
    settings.REQUIRE_IF_MATCH = True
    described = browser().get("/api/schema/").json()["paths"]["/api/v1/heroes/{id}/"]
    assert all("428" in described[method]["responses"] for method in ("put", "patch", "delete"))


def test_an_answer_that_is_known_is_described(schema):
    for kind in KINDS:
        assert "304" in schema["paths"][f"/api/v1/{kind}/{{id}}/"]["get"]["responses"]


def test_a_secret_name_is_sent_by_all_and_answered_to_some(schema):
    components = schema["components"]["schemas"]
    assert "secret_name" in components["HeroRequest"]["required"]
    for name in ("Hero", "HeroRow"):
        assert "secret_name" in components[name]["properties"]
        assert "secret_name" not in components[name]["required"]


@pytest.mark.parametrize("path", ["/api/v1/heroes/", "/api/v1/teams/"])
def test_each_parameter_is_described_once_and_taken(path, schema, visitor_program):
    parameters = schema["paths"][path]["get"]["parameters"]
    names = [parameter["name"] for parameter in parameters]
    assert len(set(names)) == len(names)
    assert {"search", "ordering", "limit", "offset", "name", "name__icontains"} <= set(names)
    assert not [name for name in names if "secret" in name]
    for name in names:
        assert visitor_program.get(path, {name: ""}).status_code == 200
    unknown = visitor_program.get(path, {"zzz": 1}).json()["errors"][0]["message"]
    assert sorted(re.findall(r"\w+", unknown.split(":")[1])) == sorted(names)


def test_the_orders_described_are_those_taken(schema, visitor_program):
    TeamFactory()
    for path in ("/api/v1/heroes/", "/api/v1/teams/"):
        (order,) = [p for p in schema["paths"][path]["get"]["parameters"] if p["name"] == "ordering"]
        described = order["schema"]
        for value in described.get("enum") or described["items"]["enum"]:
            assert visitor_program.get(path, {"ordering": value}).status_code == 200


# The pages that show it -------------------------------------------------------------------


@pytest.mark.parametrize(("short", "long"), [("/docs", "/api/docs/"), ("/redoc", "/api/redoc/")])
def test_the_short_addresses_lead_to_the_pages(short, long, visitor_browser):
    answer = visitor_browser.get(short)
    assert (answer.status_code, answer["Location"]) == (302, long)
    assert visitor_browser.get(long).status_code == 200


@pytest.mark.parametrize("page", ["/api/docs/", "/api/redoc/"])
def test_the_pages_ask_for_nothing_from_elsewhere(page, visitor_browser):
    answer = visitor_browser.get(page)
    assert not re.search(r"(https?:)?//\w", answer.content.decode())
    for element in read(answer):
        for name in ("src", "href", "spec-url", "data-schema"):
            if address := element.attributes.get(name):
                assert address.startswith("/")
                assert visitor_browser.get(address).status_code == 200


def test_the_reference_script_asks_for_nothing_from_its_makers(visitor_browser):
    address = read(visitor_browser.get("/api/redoc/")).one("script")["src"]
    answer = visitor_browser.get(address)
    script = answer.content.decode()
    assert answer["Content-Type"] == "text/javascript"
    assert "immutable" in answer["Cache-Control"]
    assert visitor_browser.get("/api/redoc-000000000000.js").status_code == 404
    assert len(script) > 100_000
    assert "cdn.redoc.ly" not in script
    assert "redoc.standalone.js.map" not in script


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip, br", True),
        ("br, GZIP;q=0.5", True),
        ("gzip;q=0.001", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, br", False),
    ],
)
def test_the_reference_script_is_compressed_for_whoever_takes_it(accepted, compressed, visitor_browser):
    address = read(visitor_browser.get("/api/redoc/")).one("script")["src"]
    answer = visitor_browser.get(address, headers={"Accept-Encoding": accepted})
    assert "Accept-Encoding" in answer["Vary"]
    assert (answer.get("Content-Encoding") == "gzip") == compressed
    sent = gzip.decompress(answer.content) if compressed else answer.content
    assert sent == visitor_browser.get(address).content


@pytest.mark.parametrize("page", ["/api/docs/", "/api/redoc/", "/api/schema/"])
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_pages_are_only_read(method, page, editor_browser):
    assert getattr(editor_browser, method)(page).status_code == 405


@pytest.mark.parametrize("address", ["/api/v1", "/api/schema", "/api/docs", "/api/redoc"])
def test_an_address_without_its_slash_is_no_redirect(address, visitor_browser):
    short, long = visitor_browser.get(address), visitor_browser.get(f"{address}/")
    assert (short.status_code, long.status_code) == (200, 200)
    assert short.content == long.content


@pytest.mark.parametrize("address", ["/docs/", "/redoc/"])
def test_the_short_addresses_work_with_a_slash_as_well(address, visitor_browser):
    assert visitor_browser.get(address).status_code == 302


@pytest.mark.parametrize("public", [True, False])
@operations
def test_visitors_are_described_as_readers_where_they_may_read(path, method, public, settings):
    settings.PUBLIC_READ = public
    operation = browser().get("/api/schema/").json()["paths"][path][method]
    assert ({} in operation["security"]) == (public and method == "get")
