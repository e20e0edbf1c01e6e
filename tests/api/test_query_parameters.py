"""Query strings as ordinary clients write them: lists, booleans, empty values and unknown names."""

import pytest

from heroes.models import Hero
from tests.factories import HeroFactory, TeamFactory

pytestmark = pytest.mark.django_db
HEROES, TEAMS = "/api/v1/heroes/", "/api/v1/teams/"
PARAMETERS = ["id__in", "team", "name", "search", "age__gte", "team__isnull"]
PARAMETERS += ["ordering", "fields", "limit", "cursor"]
"""One parameter of each type."""


@pytest.fixture
def heroes():
    team = TeamFactory(name="Night Watch")
    return [HeroFactory(name=name, age=age, team=team) for name, age in (("A", 7), ("B", 41), ("C", 41))]


def names(client, query, path=HEROES):
    response = client.get(f"{path}?{query}")
    assert response.status_code == 200, response.content
    return [row["name"] for row in response.json()["results"]]


def errors(client, address):
    """The code and message of each parameter's error."""
    response = client.get(address)
    assert response.status_code == 400, response.content
    return {error["parameter"]: (error["code"], error["message"]) for error in response.json()["errors"]}


# Lists ------------------------------------------------------------------------------------


def test_ids_are_accepted_with_commas_and_repeated(heroes, visitor_program):
    first, _second, third = heroes
    assert names(visitor_program, f"id__in={first.pk},{third.pk}") == ["A", "C"]
    assert names(visitor_program, f"id__in={first.pk}&id__in={third.pk}") == ["A", "C"]
    assert names(visitor_program, f"id__in={first.pk}&id__in={heroes[1].pk},{third.pk}") == ["A", "B", "C"]


def test_an_order_is_accepted_with_commas_and_repeated(heroes, visitor_program, visitor_browser):
    for query in ("ordering=-age,-name", "ordering=-age&ordering=-name"):
        assert names(visitor_program, query) == ["C", "B", "A"]
        page = visitor_browser.get(f"/heroes/?{query}").content.decode()
        assert page.index(">C<") < page.index(">B<") < page.index(">A<")
        assert 'name="ordering" value="-age,-name"' in page, "the order stays when the filters change"


def test_members_are_accepted_with_commas_and_repeated(heroes, visitor_program):
    for query in ("fields=id,name&expand=team", "fields=id&fields=name&expand=team"):
        row = visitor_program.get(f"{HEROES}?{query}").json()["results"][0]
        assert list(row) == ["id", "name"]
        assert visitor_program.get(f"{HEROES}{row['id']}?fields=id&fields=name").json() == row
    for query in ("omit=age,name", "omit=age&omit=name"):
        assert not {"age", "name"} & set(visitor_program.get(f"{HEROES}?{query}").json()["results"][0])


def test_the_next_page_has_repeated_parameters_too(heroes, visitor_program):
    first = visitor_program.get(f"{HEROES}?ordering=-age&ordering=name&limit=1").json()
    second = visitor_program.get(first["next"]).json()
    assert [row["name"] for row in first["results"] + second["results"]] == ["B", "C"]


def test_an_invalid_item_of_a_repeated_list_is_an_error(heroes, visitor_program):
    assert errors(visitor_program, f"{HEROES}?id__in=1&id__in=x")["id__in"][0] == "invalid"
    assert errors(visitor_program, f"{HEROES}?ordering=age&ordering=-age")["ordering"][0] == "repeated"
    assert errors(visitor_program, f"{HEROES}?fields=id&fields=")["fields"][0] == "invalid_choice"


def test_other_parameters_are_sent_once(heroes, visitor_program):
    expected = ("repeated", "Use this parameter only once.")
    for name in ("name", "age", "limit", "search", "team", "team__isnull"):
        assert errors(visitor_program, f"{HEROES}?{name}=1&{name}=1")[name] == expected


def test_lists_are_described_as_generated_clients_send_them(visitor_program):
    paths = visitor_program.get("/api/schema/").json()["paths"]
    for path, lists in (
        (HEROES, {"fields", "omit", "expand", "ordering", "id__in"}),
        (f"{HEROES}{{id}}/", {"fields", "omit"}),
    ):
        described = [p for p in paths[path]["get"]["parameters"] if p["schema"].get("type") == "array"]
        assert {parameter["name"] for parameter in described} == lists
        for parameter in described:
            assert (parameter["style"], parameter["explode"]) == ("form", True)


# Booleans ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value", "found"),
    [
        ("true", "true", "D"),
        ("True", "true", "D"),
        ("1", "true", "D"),
        ("false", "false", "ABC"),
        ("False", "false", "ABC"),
        ("0", "false", "ABC"),
    ],
)
def test_booleans_are_accepted_as_clients_write_them(
    text, value, found, heroes, visitor_program, visitor_browser
):
    HeroFactory(name="D", team=None)
    assert names(visitor_program, f"team__isnull={text}") == list(found)
    page = visitor_browser.get(f"/heroes/?team__isnull={text}").content.decode()
    assert f'<option value="{value}" selected>' in page


@pytest.mark.parametrize("text", ["true", "True", "1"])
def test_dry_run_accepts_the_booleans_that_clients_send(text, heroes, editor_program):
    response = editor_program.delete(f"{HEROES}{heroes[0].pk}?dry_run={text}")
    assert (response.status_code, Hero.objects.count()) == (200, 3)


@pytest.mark.parametrize("text", ["false", "False", "0"])
def test_a_write_is_done_when_it_is_no_dry_run(text, heroes, editor_program):
    assert editor_program.delete(f"{HEROES}{heroes[0].pk}?dry_run={text}").status_code == 204


@pytest.mark.parametrize("text", ["yes", "TRUE", "t", "2", "none"])
def test_other_values_are_not_booleans(text, heroes, visitor_program, editor_program):
    _code, message = errors(visitor_program, f"{HEROES}?team__isnull={text}")["team__isnull"]
    assert message == "Send true or false."
    response = editor_program.delete(f"{HEROES}{heroes[0].pk}?dry_run={text}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["message"] == "Send true or false."


# Empty values -----------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "%20", "%09"])
@pytest.mark.parametrize("name", PARAMETERS)
def test_an_empty_value_is_an_error_at_the_api(name, text, heroes, visitor_program):
    code, message = errors(visitor_program, f"{HEROES}?{name}={text}")[name]
    if not text:
        assert (code, message) == ("empty", "Give this parameter a value, or omit it.")


def test_an_empty_field_of_a_page_is_ignored(heroes, visitor_browser):
    response = visitor_browser.get("/heroes/?id__in=&team=&search=&age__gte=&ordering=&fields=&limit=")
    assert response.status_code == 200
    assert all(f">{name}<" in response.content.decode() for name in "ABC")


def test_no_parameter_is_described_as_possibly_empty(visitor_program):
    assert "allowEmptyValue" not in visitor_program.get("/api/schema/").content.decode()


# Unknown parameters -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "suggested"),
    [
        ("page", "offset"),
        ("per_page", "limit"),
        ("page_size", "limit"),
        ("pageSize", "limit"),
        ("sort", "ordering"),
        ("order_by", "ordering"),
        ("q", "search"),
        ("query", "search"),
        ("include", "expand"),
        ("exclude", "omit"),
        ("ids", "id__in"),
        ("serach", "search"),
        ("team_id", "team"),
    ],
)
def test_an_unknown_parameter_gets_a_suggestion(sent, suggested, visitor_program):
    expected = ("unknown_parameter", f"Unknown parameter. Did you mean “{suggested}”?")
    assert errors(visitor_program, f"{HEROES}?{sent}=1")[sent] == expected


def test_a_synonym_of_a_parameter_that_is_not_here_is_not_suggested(visitor_program):
    _code, message = errors(visitor_program, f"{TEAMS}?include=heroes")["include"]
    assert message.startswith("Unknown parameter. Use one of: ")


def test_an_unknown_value_gets_a_list_of_the_known_ones(visitor_program):
    code, message = errors(visitor_program, f"{HEROES}?ordering=zzz")["ordering"]
    assert code == "invalid_choice"
    assert message.startswith("Unknown value “zzz”. Use one of: id, -id, ")
    assert errors(visitor_program, f"{HEROES}?ordering=nmae")["ordering"] == (
        "invalid_choice",
        "Unknown value “nmae”. Did you mean “name”?",
    )
