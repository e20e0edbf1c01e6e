"""Paging by cursor: whoever stays is seen once, whatever comes and goes in the meantime."""

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
ORDERS = ["", "name", "-name", "age", "-age", "team,-age", "-team", "created_at", "-updated_at,name"]


def get(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return answer


def walk(client, address, meanwhile=lambda: None, link="next"):
    """The ids on all pages from ``address`` on, page by page."""
    pages = []
    while address:
        answer = get(client, address).json()
        assert "count" not in answer
        pages.append([row["id"] for row in answer["results"]])
        address = answer[link]
        meanwhile()
    return pages


@pytest.fixture
def register():
    teams = [TeamFactory(name=name) for name in ("Zeta", "alpha", "Éclair")]
    for number in range(23):
        HeroFactory(age=[None, 7, 41][number % 3], team=[None, *teams][number % 4])


class Over(Exception):
    """Ends an example, and takes back what it changed."""


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_who_stays_is_seen_once_while_others_come_and_go(data, register):
    client, order = program(), data.draw(st.sampled_from(ORDERS))
    start = f"{HEROES}?cursor=*&limit={data.draw(st.integers(1, 9))}&ordering={order}"
    before, gone, changes = set(Hero.objects.values_list("pk", flat=True)), set(), count()

    def meanwhile():
        for which in data.draw(st.lists(st.integers(-100, 100), max_size=3)):
            heroes = list(Hero.objects.order_by("pk"))
            if which < 0 or not heroes:
                HeroFactory(name=f"{which} {next(changes)}", age=[None, 0, 7, 50][which % 4])
            else:
                hero = heroes[which % len(heroes)]
                gone.add(hero.pk)
                hero.delete()

    with suppress(Over), transaction.atomic():
        seen = list(chain.from_iterable(walk(client, start, meanwhile)))
        assert len(seen) == len(set(seen))
        assert before - gone <= set(seen)
        raise Over


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("limit", [1, 5, 23, 100])
def test_forward_and_back_show_the_list_in_its_order(order, limit, register, visitor_program):
    whole = [row["id"] for row in get(visitor_program, f"{HEROES}?ordering={order}").json()["results"]]
    pages, address = [], f"{HEROES}?cursor=*&limit={limit}&ordering={order}"
    while address:
        answer = get(visitor_program, address).json()
        pages.append([row["id"] for row in answer["results"]])
        back, address = answer["previous"], answer["next"]
    assert list(chain.from_iterable(pages)) == whole
    backwards = walk(visitor_program, back, link="previous") if back else []
    assert backwards == pages[:-1][::-1]


def test_a_page_whose_rows_have_gone_leads_back(register, visitor_program):
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


def test_links_stand_in_the_header_too(register, visitor_program):
    for query in ("?limit=5&offset=5", "?limit=5&cursor=*"):
        answer = get(visitor_program, f"{HEROES}{query}")
        links = dict(reversed(link.split("; ")) for link in answer["Link"].split(", "))
        assert links['rel="next"'] == f"<{answer.json()['next']}>"
        assert ('rel="prev"' in links) == (answer.json()["previous"] is not None)
        assert get(visitor_program, links['rel="first"'].strip("<>")).json()["previous"] is None


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("cursor=x", "This is no cursor of this list. Begin anew, with cursor=*."),
        ("cursor={teams}", "This is no cursor of this list."),
        ("cursor={heroes}&ordering=-age", "This cursor belongs to another ordering."),
        ("cursor={heroes}x", "This is no cursor of this list."),
    ],
)
def test_a_cursor_that_does_not_hold_is_refused(query, words, register, visitor_program):
    cursors = {}
    for kind in ("heroes", "teams"):
        following = get(visitor_program, f"/api/v1/{kind}/?cursor=*&limit=1").json()["next"]
        cursors[kind] = following.partition("cursor=")[2].partition("&")[0]
    answer = visitor_program.get(f"{HEROES}?{query.format(**cursors)}")
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert (error["parameter"], error["message"][: len(words)]) == ("cursor", words)


def test_cursor_and_offset_exclude_each_other_and_pages_take_the_offset(visitor_program, visitor_browser):
    assert visitor_program.get(f"{HEROES}?cursor=*&offset=0").status_code == 400
    answer = visitor_browser.get("/heroes/?cursor=*")
    assert answer.status_code == 400
    assert b"cursor is for the API" in answer.content


def test_teams_are_found_by_how_many_heroes_they_have(visitor_program, visitor_browser):
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
