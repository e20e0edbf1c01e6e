"""Answers narrowed to some members, or widened by the records that links lead to."""

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
    answer = client.get(f"{HEROES}?{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()["results"][0]


def faults(client, address):
    answer = client.get(address)
    assert answer.status_code == 400, answer.content
    return {error["parameter"]: error["message"] for error in answer.json()["errors"]}


def test_a_list_is_narrowed_to_the_members_asked_for(hero, visitor_program):
    assert row(visitor_program, "fields=name,id") == {"id": hero.pk, "name": "Lamplighter"}
    assert "age" not in row(visitor_program, "omit=age,version")
    assert row(visitor_program, "fields=id,age&omit=id") == {"age": 41}


def test_a_link_is_expanded(hero, visitor_program):
    assert "team" not in row(visitor_program, "")
    assert row(visitor_program, "expand=team")["team"]["name"] == "Night Watch"
    assert list(row(visitor_program, "expand=team&fields=id,team")) == ["id", "team"]
    HeroFactory(name="A", team=None)
    assert row(visitor_program, "expand=team")["team"] is None


@pytest.mark.parametrize("query", ["fields=team,name", "omit=name", "fields=team"])
def test_what_is_asked_of_a_hero_is_not_asked_of_its_team(query, hero, visitor_program):
    whole = visitor_program.get(f"{HEROES}{hero.pk}").json()["team"]
    assert row(visitor_program, f"expand=team&{query}")["team"] == whole
    assert visitor_program.get(f"{HEROES}{hero.pk}?{query}").json()["team"] == whole


def test_expanding_costs_no_query_for_each_row(visitor_program, django_assert_max_num_queries):
    for _number in range(20):
        HeroFactory(team=TeamFactory())
    with django_assert_max_num_queries(2):
        visitor_program.get(f"{HEROES}?expand=team")


def test_one_record_is_narrowed_too(hero, visitor_program):
    address = f"{HEROES}{hero.pk}"
    whole, part = visitor_program.get(address), visitor_program.get(f"{address}?fields=name,team")
    assert list(part.json()) == ["name", "team"]
    assert part["ETag"] != whole["ETag"]
    assert "team" not in visitor_program.get(f"{address}?omit=team").json()
    assert list(visitor_program.get(f"/api/v1/teams/{hero.team_id}?fields=hero_count").json()) == [
        "hero_count"
    ]


@pytest.mark.parametrize(
    ("query", "parameter", "words"),
    [
        ("fields=nmae", "fields", "Did you mean “name”?"),
        ("fields=zzz", "fields", "there are: id, name"),
        ("fields=secret_name", "fields", "is not known here"),
        ("omit=id,id", "omit", "Give each name once."),
        ("fields=id&omit=id", "omit", "Nothing is left"),
        ("fields=team", "fields", "expand=team"),
        ("expand=heroes", "expand", "there are: team"),
        ("field=name", "field", "Did you mean “fields”?"),
        ("fields=id,", "fields", "is not known here"),
    ],
)
def test_a_name_that_does_not_hold_is_told(query, parameter, words, hero, visitor_program):
    assert words in faults(visitor_program, f"{HEROES}?{query}")[parameter]


def test_what_cannot_be_expanded_is_told(visitor_program):
    assert "expand" in faults(visitor_program, "/api/v1/teams/?expand=heroes")


def test_a_secret_that_is_not_asked_for_is_not_shown_to_anybody(hero, keeper_program):
    assert row(keeper_program, "fields=id,secret_name")["secret_name"] == "Edith Wren"
    assert Disclosure.objects.count() == 1
    row(keeper_program, "fields=id")
    row(keeper_program, "omit=secret_name")
    keeper_program.get(f"{HEROES}{hero.pk}?fields=name")
    assert Disclosure.objects.count() == 1


def test_the_same_query_narrows_the_page(hero):
    page = read(browser().get("/heroes/?fields=name,age"))
    assert [head.text for head in page.all("th", scope="col")] == ["Name", "Age"]
    assert browser().get("/heroes/?fields=nmae").status_code == 400


@pytest.mark.parametrize("query", ["", "?search=lamp&age__gte=7", "?ordering=-age,name&fields=name"])
def test_a_page_tells_programs_where_to_get_what_it_shows(query, hero, visitor_program):
    page = read(browser().get(f"/heroes/{query}"))
    link = page.one("a", href=f"http://testserver/api/v1/heroes{query.replace(',', '%2C')}")
    assert page.all("button", data_copy=link["href"])
    quoted = f"'{link['href']}'" if query else link["href"]
    assert f"curl {quoted}" in page.text
    assert visitor_program.get(link["href"]).status_code == 200


def test_a_page_with_a_fault_tells_programs_nothing():
    assert "curl" not in read(browser().get("/heroes/?age=old")).text
