"""Lists are sorted by id, by version and by counts, on pages and at the API, by offset and by cursor."""

from itertools import chain

import pytest

from tests.factories import HeroFactory, TeamFactory

pytestmark = pytest.mark.django_db
HEROES, TEAMS = "/api/v1/heroes/", "/api/v1/teams/"


@pytest.fixture
def teams():
    """Teams A to E with 2, 0, 1, 2 and 3 heroes."""
    teams = []
    for name, size in zip("ABCDE", (2, 0, 1, 2, 3), strict=True):
        teams.append(TeamFactory(name=name))
        for _hero in range(size):
            HeroFactory(team=teams[-1])
    return teams


def names(client, address):
    response = client.get(address)
    assert response.status_code == 200, response.content
    return [row["name"] for row in response.json()["results"]]


def pages(client, address):
    """The names on all pages from an address on."""
    names_by_page = []
    while address:
        page = client.get(address).json()
        names_by_page.append([row["name"] for row in page["results"]])
        address = page["next"]
    return names_by_page


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        ("heroes__count", "BCADE"),
        ("-heroes__count", "EDACB"),
        ("-heroes__count,-name", "EDACB"),
        ("id", "ABCDE"),
        ("-id", "EDCBA"),
    ],
)
def test_teams_are_sorted(ordering, expected, teams, visitor_program, visitor_browser):
    assert names(visitor_program, f"{TEAMS}?ordering={ordering}") == list(expected)
    page = visitor_browser.get(f"/teams/?ordering={ordering}").content.decode()
    assert sorted("ABCDE", key=lambda name: page.index(f">{name}<")) == list(expected)
    for limit in (1, 2, 5):
        names_by_page = pages(visitor_program, f"{TEAMS}?ordering={ordering}&cursor=*&limit={limit}")
        assert list(chain.from_iterable(names_by_page)) == list(expected)


def test_a_count_is_sorted_and_filtered_by_at_once(teams, visitor_program):
    query = "ordering=-heroes__count&heroes__count__lte=2&heroes__count__gte=1"
    assert names(visitor_program, f"{TEAMS}?{query}") == ["D", "A", "C"]
    names_by_page = pages(visitor_program, f"{TEAMS}?{query}&cursor=*&limit=1")
    assert names_by_page == [["D"], ["A"], ["C"]]


def test_pages_of_a_count_are_followed_back(teams, visitor_program):
    first = visitor_program.get(f"{TEAMS}?ordering=heroes__count&cursor=*&limit=2").json()
    second = visitor_program.get(first["next"]).json()
    assert visitor_program.get(second["previous"]).json()["results"] == first["results"]


def test_a_count_costs_no_query_for_each_row(teams, visitor_program, django_assert_max_num_queries):
    for query, most in (("", 2), ("&cursor=*", 1)):
        with django_assert_max_num_queries(most):
            assert len(names(visitor_program, f"{TEAMS}?ordering=-heroes__count{query}")) == 5


def test_heroes_are_sorted_by_version(visitor_program, visitor_browser):
    for name, changes in (("A", 0), ("B", 2), ("C", 1)):
        hero = HeroFactory(name=name)
        for age in range(changes):
            hero.age = age
            hero.save()
    assert names(visitor_program, f"{HEROES}?ordering=-version") == ["B", "C", "A"]
    assert names(visitor_program, f"{HEROES}?ordering=version&cursor=*") == ["A", "C", "B"]
    assert visitor_browser.get("/heroes/?ordering=version&fields=name,version").status_code == 200
