"""``fields``, ``omit`` and ``expand`` select the members of a response."""

import pytest

from heroesite.records.audit.disclosures import Disclosure
from tests.factories import HeroFactory, TeamFactory
from tests.markup import read
from tests.people import browser

pytestmark = pytest.mark.django_db
HEROES = "/api/v1/heroes/"


@pytest.fixture
def hero():
    team = TeamFactory(name="Night Watch")
    return HeroFactory(name="Lamplighter", secret_name="Edith Wren", age=41, team=team)


def row(client, query):
    response = client.get(f"{HEROES}?{query}" if query else HEROES)
    assert response.status_code == 200, response.content
    return response.json()["results"][0]


def errors(client, address):
    response = client.get(address)
    assert response.status_code == 400, response.content
    return {error["parameter"]: error["message"] for error in response.json()["errors"]}


def test_fields_and_omit_select_the_members_of_a_list(hero, visitor_program):
    assert row(visitor_program, "fields=name,id") == {"id": hero.pk, "name": "Lamplighter"}
    assert "age" not in row(visitor_program, "omit=age,version")
    assert row(visitor_program, "fields=id,age&omit=id") == {"age": 41}


def test_expand_includes_a_linked_record(hero, visitor_program):
    assert "team" not in row(visitor_program, "")
    assert row(visitor_program, "expand=team")["team"]["name"] == "Night Watch"
    assert list(row(visitor_program, "expand=team&fields=id,team")) == ["id", "team"]
    HeroFactory(name="A", team=None)
    assert row(visitor_program, "expand=team")["team"] is None


@pytest.mark.parametrize("query", ["fields=team,name", "omit=name", "fields=team"])
def test_the_members_of_a_hero_are_not_those_of_its_team(query, hero, visitor_program):
    whole = visitor_program.get(f"{HEROES}{hero.pk}").json()["team"]
    assert row(visitor_program, f"expand=team&{query}")["team"] == whole
    assert visitor_program.get(f"{HEROES}{hero.pk}?{query}").json()["team"] == whole


def test_expand_costs_no_query_for_each_row(visitor_program, django_assert_max_num_queries):
    for _number in range(20):
        HeroFactory(team=TeamFactory())
    with django_assert_max_num_queries(2):
        visitor_program.get(f"{HEROES}?expand=team")


def test_fields_and_omit_select_the_members_of_one_record(hero, visitor_program):
    address = f"{HEROES}{hero.pk}"
    whole, part = visitor_program.get(address), visitor_program.get(f"{address}?fields=name,team")
    assert list(part.json()) == ["name", "team"]
    assert part["ETag"] != whole["ETag"]
    assert "team" not in visitor_program.get(f"{address}?omit=team").json()
    assert list(visitor_program.get(f"/api/v1/teams/{hero.team_id}?fields=hero_count").json()) == [
        "hero_count"
    ]


@pytest.mark.parametrize(
    ("query", "parameter", "message"),
    [
        ("fields=nmae", "fields", "Did you mean “name”?"),
        ("fields=zzz", "fields", "Use one of: id, name"),
        ("fields=secret_name", "fields", "Unknown value “secret_name”."),
        ("omit=id,id", "omit", "Use each name only once."),
        ("fields=id&omit=id", "omit", "fields and omit exclude every member. Include at least one."),
        ("fields=team", "fields", "To include team, add expand=team."),
        ("expand=heroes", "expand", "Use one of: team"),
        ("field=name", "field", "Did you mean “fields”?"),
        ("fields=id,", "fields", "Unknown value “”."),
    ],
)
def test_an_invalid_name_is_an_error(query, parameter, message, hero, visitor_program):
    assert message in errors(visitor_program, f"{HEROES}?{query}")[parameter]


def test_a_record_type_without_links_has_no_expand(visitor_program):
    assert "expand" in errors(visitor_program, "/api/v1/teams/?expand=heroes")


def test_a_secret_name_that_is_left_out_is_not_logged(hero, keeper_program):
    assert row(keeper_program, "fields=id,secret_name")["secret_name"] == "Edith Wren"
    assert Disclosure.objects.count() == 1
    row(keeper_program, "fields=id")
    row(keeper_program, "omit=secret_name")
    keeper_program.get(f"{HEROES}{hero.pk}?fields=name")
    assert Disclosure.objects.count() == 1


def test_fields_select_the_columns_of_a_page(hero):
    page = read(browser().get("/heroes/?fields=name,age"))
    assert [head.text for head in page.all("th", scope="col")] == ["Name", "Age"]
    assert browser().get("/heroes/?fields=nmae").status_code == 400


@pytest.mark.parametrize("query", ["", "?search=lamp&age__gte=7", "?ordering=-age,name&fields=name"])
def test_a_page_links_to_the_same_list_at_the_api(query, hero, visitor_program):
    page = read(browser().get(f"/heroes/{query}"))
    link = page.one("a", href=f"http://testserver/api/v1/heroes{query.replace(',', '%2C')}")
    assert page.all("button", data_copy=link["href"])
    quoted = f"'{link['href']}'" if query else link["href"]
    assert f"curl {quoted}" in page.text
    assert visitor_program.get(link["href"]).status_code == 200


def test_a_page_with_an_invalid_query_has_no_link_to_the_api():
    assert "curl" not in read(browser().get("/heroes/?age=old")).text
