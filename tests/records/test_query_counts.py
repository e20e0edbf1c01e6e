"""A response needs the same number of queries with one row as with a hundred."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import HeroFactory, TeamFactory
from tests.people import browser, program

pytestmark = pytest.mark.django_db

# Pages and the admin load the session, and the user with permissions. The API loads the token, its user and
# their permissions in one query. An editor's list also loads who last changed the records, the editor's views
# and, for heroes, the teams to move them to.
COSTS = [
    # who, interface, list of heroes, one hero, list of teams, one team
    ("visitor", "page", 3, 1, 2, 4),
    ("visitor", "api", 2, 1, 2, 4),
    ("editor", "page", 7, 3, 6, 6),
    ("editor", "api", 3, 2, 3, 5),
    ("editor", "admin", 5, 4, 4, 5),
    ("keeper", "page", 7, 3, 6, 6),
    ("keeper", "api", 4, 3, 3, 5),  # with the row that records a disclosure
    ("keeper", "admin", 5, 4, 4, 5),
]
ADDRESSES = {
    "page": ["/heroes/", "/heroes/{hero}/", "/teams/", "/teams/{team}/"],
    "api": ["/api/v1/heroes/", "/api/v1/heroes/{hero}", "/api/v1/teams/", "/api/v1/teams/{team}"],
    "admin": [
        "/admin/heroes/hero/",
        "/admin/heroes/hero/{hero}/change/",
        "/admin/teams/team/",
        "/admin/teams/team/{team}/change/",
    ],
}


@pytest.fixture(params=[1, 100], ids=["one row", "a hundred rows"])
def register(request):
    """As many heroes and teams; all heroes are in the last team."""
    teams = TeamFactory.create_batch(request.param)
    heroes = HeroFactory.create_batch(request.param, team=teams[-1])
    return {"hero": heroes[-1].pk, "team": teams[-1].pk}


def cost(client, address):
    for _time in range(2):  # the first request fills caches, and the second one compiles a plan
        assert client.get(address).status_code == 200
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize(("who", "interface", "heroes", "hero", "teams", "team"), COSTS)
def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(
    who, interface, heroes, hero, teams, team, register, request
):
    user = None if who == "visitor" else request.getfixturevalue(who)
    client = program(user) if interface == "api" else browser(user)
    costs = [cost(client, address.format(**register)) for address in ADDRESSES[interface]]
    assert costs == [heroes, hero, teams, team]


def test_the_first_page_costs_a_count_and_a_list_of_each_kind_and_its_charts(register):
    assert cost(browser(), "/") == 6


@pytest.mark.parametrize(("interface", "queries"), [("page", 3), ("api", 2)])
def test_sorting_costs_no_more(interface, queries, register):
    address = "/heroes/" if interface == "page" else "/api/v1/heroes/"
    assert cost(browser(), f"{address}?ordering=-team") == queries


@pytest.mark.parametrize("query", ["search=hero", "age__gte=1", "team__isnull=false"])
@pytest.mark.parametrize(("interface", "queries"), [("page", 2), ("api", 1)])
def test_the_last_page_of_a_filtered_list_costs_no_count(interface, queries, query, register):
    address = "/heroes/" if interface == "page" else "/api/v1/heroes/"
    assert cost(browser(), f"{address}?{query}") == queries


@pytest.mark.parametrize(("interface", "queries"), [("page", 3), ("api", 2)])
def test_a_query_by_team_costs_the_look_for_the_team(interface, queries, register):
    address = "/heroes/" if interface == "page" else "/api/v1/heroes/"
    assert cost(browser(), f"{address}?team={register['team']}") == queries


def test_the_page_that_asks_whether_to_delete_a_team_costs_the_same_with_many_heroes(register, editor):
    assert cost(browser(editor), f"/teams/{register['team']}/delete/") == 5
