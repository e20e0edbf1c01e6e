"""Paging by cursor: each record is listed once, whatever is created and deleted meanwhile."""

from contextlib import suppress
from itertools import chain, count

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heroes.models import Hero
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.people import program

pytestmark = pytest.mark.django_db
HEROES = "/api/v1/heroes/"
ORDERS = ["name", "-name", "age", "-age", "team,-age", "-team", "created_at", "-updated_at,name", "-version"]
ORDERINGS = ["", *(f"&ordering={order}" for order in ORDERS)]


def get(client, address):
    response = client.get(address)
    assert response.status_code == 200, response.content
    return response


def walk(client, address, meanwhile=lambda: None, link="next"):
    """Return the ids on all pages from ``address`` on, page by page."""
    pages = []
    while address:
        page = get(client, address).json()
        assert "count" not in page
        pages.append([row["id"] for row in page["results"]])
        address = page[link]
        meanwhile()
    return pages


@pytest.fixture
def register():
    teams = [TeamFactory(name=name) for name in ("Zeta", "alpha", "Éclair")]
    for number in range(23):
        HeroFactory(age=[None, 7, 41][number % 3], team=[None, *teams][number % 4])


def test_paging_by_the_longest_names_reaches_the_end(visitor_program):
    team = TeamFactory(name="㌀" * 100)  # its folded copy is four times as long
    heroes = [HeroFactory(name=f"{'㌀' * 98}{number}", team=team) for number in range(3)]
    pages = walk(visitor_program, f"{HEROES}?ordering=team,name&cursor=*&limit=1")
    assert list(chain.from_iterable(pages)) == [hero.pk for hero in heroes]


class RollBack(Exception):
    """Ends an example and rolls back its changes."""


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_each_record_is_listed_once_while_others_are_created_and_deleted(data, register):
    client, ordering = program(), data.draw(st.sampled_from(ORDERINGS))
    start = f"{HEROES}?cursor=*&limit={data.draw(st.integers(1, 9))}{ordering}"
    before, deleted, changes = set(Hero.objects.values_list("pk", flat=True)), set(), count()

    def meanwhile():
        for which in data.draw(st.lists(st.integers(-100, 100), max_size=3)):
            heroes = list(Hero.objects.order_by("pk"))
            if which < 0 or not heroes:
                HeroFactory(name=f"{which} {next(changes)}", age=[None, 0, 7, 50][which % 4])
            else:
                hero = heroes[which % len(heroes)]
                deleted.add(hero.pk)
                hero.delete()

    with suppress(RollBack), transaction.atomic():
        listed = list(chain.from_iterable(walk(client, start, meanwhile)))
        assert len(listed) == len(set(listed))
        assert before - deleted <= set(listed)
        raise RollBack


@pytest.mark.parametrize("ordering", ORDERINGS)
@pytest.mark.parametrize("limit", [1, 5, 23, 100])
def test_pages_are_in_order_forwards_and_backwards(ordering, limit, register, visitor_program):
    whole = [row["id"] for row in get(visitor_program, f"{HEROES}?limit=100{ordering}").json()["results"]]
    pages, address = [], f"{HEROES}?cursor=*&limit={limit}{ordering}"
    while address:
        page = get(visitor_program, address).json()
        pages.append([row["id"] for row in page["results"]])
        back, address = page["previous"], page["next"]
    assert list(chain.from_iterable(pages)) == whole
    backwards = walk(visitor_program, back, link="previous") if back else []
    assert backwards == pages[:-1][::-1]


def test_a_page_whose_rows_have_been_deleted_links_back(register, visitor_program):
    first = get(visitor_program, f"{HEROES}?cursor=*&limit=5").json()
    last_of_first = first["results"][-1]["id"]
    later = Hero.objects.exclude(pk__in=[row["id"] for row in first["results"]])
    second = get(visitor_program, first["next"]).json()
    later.delete()
    emptied = get(visitor_program, first["next"]).json()
    assert (emptied["results"], emptied["next"]) == ([], None)
    assert get(visitor_program, emptied["previous"]).json()["results"][-1]["id"] == last_of_first
    Hero.objects.all().delete()
    HeroFactory(name="zz")
    before = get(visitor_program, second["previous"]).json()
    assert (before["results"], before["previous"]) == ([], None)
    assert len(get(visitor_program, before["next"]).json()["results"]) == 1


def test_the_links_are_in_the_header_too(register, visitor_program):
    for query in ("?limit=5&offset=5", "?limit=5&cursor=*"):
        response = get(visitor_program, f"{HEROES}{query}")
        links = dict(reversed(link.split("; ")) for link in response["Link"].split(", "))
        assert links['rel="next"'] == f"<{response.json()['next']}>"
        assert ('rel="prev"' in links) == (response.json()["previous"] is not None)
        assert get(visitor_program, links['rel="first"'].strip("<>")).json()["previous"] is None


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("cursor=x", "This cursor isn't valid for this list. Start again with cursor=*."),
        ("cursor={teams}", "This cursor isn't valid for this list."),
        ("cursor={heroes}&ordering=-age", "This cursor belongs to another ordering."),
        ("cursor={heroes}x", "This cursor isn't valid for this list."),
    ],
)
def test_an_invalid_cursor_is_an_error(query, message, register, visitor_program):
    cursors = {}
    for path in ("heroes", "teams"):
        following = get(visitor_program, f"/api/v1/{path}/?cursor=*&limit=1").json()["next"]
        cursors[path] = following.partition("cursor=")[2].partition("&")[0]
    response = visitor_program.get(f"{HEROES}?{query.format(**cursors)}")
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert (error["parameter"], error["message"][: len(message)]) == ("cursor", message)


def test_cursor_and_offset_exclude_each_other_and_pages_only_support_offset(visitor_program, visitor_browser):
    assert visitor_program.get(f"{HEROES}?cursor=*&offset=0").status_code == 400
    response = visitor_browser.get("/heroes/?cursor=*")
    assert response.status_code == 400
    assert b"Only the API supports cursor." in response.content


def test_teams_are_filtered_by_their_number_of_heroes(visitor_program, visitor_browser):
    for number, name in enumerate(("None", "One", "Two")):
        team = TeamFactory(name=name)
        for _hero in range(number):
            HeroFactory(team=team)
    for query, names in {
        "heroes__count__gte=1": ["One", "Two"],
        "heroes__count__lte=1": ["None", "One"],
        "heroes__count__gte=1&heroes__count__lte=1": ["One"],
        "heroes__count__lte=0": ["None"],
    }.items():
        rows = get(visitor_program, f"/api/v1/teams/?{query}").json()["results"]
        assert [row["name"] for row in rows] == names
        assert visitor_browser.get(f"/teams/?{query}").status_code == 200
    assert Team.objects.count() == 3
