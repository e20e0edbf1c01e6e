"""A filtered list counts its rows up to a limit, and its pages still contain all of them."""

import re

import pytest
from django.contrib import admin

from heroes.models import Hero
from tests.cases import Cases
from tests.factories import HeroFactory, TeamFactory
from tests.markup import read

pytestmark = pytest.mark.django_db
HEROES = 9
FILTER = "age__gte=1"


@pytest.fixture(autouse=True)
def most(monkeypatch):
    """Count at most 4 rows."""
    monkeypatch.setattr("heroesite.records.counts.MOST", 4)


@pytest.fixture
def heroes():
    """Return the names of the heroes with an age, in order. One hero has none."""
    teams = [None, TeamFactory(name="Alpha"), TeamFactory(name="Zeta")]
    names = [HeroFactory(name=f"Hero {n}", age=n + 1, team=teams[n % 3]).name for n in range(HEROES)]
    HeroFactory(name="Ageless", age=None)
    return names


def get(program, query):
    return program.get(f"/api/v1/heroes/?{query}").json()


def counts(response):
    return response["count"], response["count_is_exact"]


def test_a_count_is_exact_up_to_the_limit(heroes, visitor_program):
    assert counts(get(visitor_program, "limit=2")) == (HEROES + 1, True)
    with Cases() as case:
        for matching in range(HEROES + 1):
            with case(matching):
                query = f"limit=2&age__lte={matching}"
                expected = (matching, True) if matching <= 4 else (4, False)
                assert counts(get(visitor_program, query)) == expected
                assert counts(get(visitor_program, f"{query}&count=exact")) == (matching, True)


@pytest.mark.parametrize("order", ["name", "-age", "team", "-team"])
@pytest.mark.parametrize("count", ["", "&count=exact"])
def test_the_links_lead_through_all_pages_and_back(order, count, heroes, visitor_program):
    whole = [row["name"] for row in get(visitor_program, f"{FILTER}&ordering={order}")["results"]]
    assert sorted(whole) == heroes
    with Cases() as case:
        for limit in range(1, HEROES + 2):
            with case(limit):
                address = f"/api/v1/heroes/?{FILTER}&ordering={order}&limit={limit}{count}"
                names, last = [], address
                while address:
                    response = visitor_program.get(address)
                    body, last = response.json(), address
                    names += [row["name"] for row in body["results"]]
                    address = body["next"]
                    assert ('rel="next"' in response["Link"]) == bool(address)
                    assert 'rel="last"' not in response["Link"]
                    assert counts(body) == ((HEROES, True) if count else (4, False))
                assert names == whole
                names = []
                while last:
                    body = visitor_program.get(last).json()
                    names = [row["name"] for row in body["results"]] + names
                    last = body["previous"]
                assert names == whole


def test_an_offset_beyond_the_rows_has_no_results_and_no_next_page(heroes, visitor_program):
    for offset in (HEROES, HEROES + 1, 1_000_000_000):
        body = get(visitor_program, f"{FILTER}&offset={offset}")
        assert (body["results"], body["next"], *counts(body)) == ([], None, 4, False)


def test_only_exact_is_accepted_and_not_with_a_cursor(heroes, visitor_program):
    for value in ("true", "estimate", "EXACT", ""):
        response = visitor_program.get(f"/api/v1/heroes/?count={value}")
        [error] = response.json()["errors"]
        assert (response.status_code, error["parameter"]) == (400, "count")
        assert value == "" or error["message"] == "Send exact, or omit this parameter."
    response = visitor_program.get("/api/v1/heroes/?cursor=*&count=exact")
    [error] = response.json()["errors"]
    assert (response.status_code, error["parameter"]) == (400, "count")
    body = get(visitor_program, "cursor=*&limit=2")
    assert "count" not in body
    assert "count_is_exact" not in body


def test_each_list_with_a_count_says_whether_it_is_exact(heroes, editor_program):
    key = Hero.objects.get(name="Hero 0").pk
    for path in ("heroes/", "teams/", "changesets/", f"heroes/{key}/history/"):
        body = editor_program.get(f"/api/v1/{path}").json()
        assert body["count_is_exact"] is True, path


def test_a_page_shows_that_there_are_more_rows_than_were_counted(heroes, visitor_browser):
    def tally(query, **headers):
        page = read(visitor_browser.get(f"/heroes/?limit=3&{query}", headers=headers))
        return page.one("p", id="tally").text, bool(page.all("a", rel="next"))

    assert tally("") == ("1–3 of 10", True)
    assert tally(FILTER) == ("1–3 of more than 4", True)
    assert tally(FILTER, **{"Accept-Language": "de"}) == ("1–3 von mehr als 4", True)
    assert tally(f"{FILTER}&offset=3") == ("4–6 of more than 4", True)
    assert tally(f"{FILTER}&offset=6") == ("7–9 of more than 4", False)
    assert tally(f"{FILTER}&count=exact") == ("1–3 of 9", True)
    assert tally("age__lte=4") == ("1–3 of 4", True)
    page = read(visitor_browser.get(f"/heroes/?{FILTER}&limit=3&offset=9"))
    assert "There is no page 4." in page.text


def test_the_search_page_shows_that_there_are_more_matches(heroes, visitor_browser):
    page = read(visitor_browser.get("/search/?search=hero"))
    assert "more than 4" in page.text
    assert "more than" not in read(visitor_browser.get("/search/?search=ageless")).text


@pytest.fixture
def admin_pages(monkeypatch, administrator_browser):
    """Return a function that reads a page of the admin's list, with two rows on a page."""
    hero_admin = admin.site.get_model_admin(Hero)
    monkeypatch.setattr(hero_admin, "list_per_page", 2)
    monkeypatch.setattr(hero_admin, "list_max_show_all", 3)
    return lambda query: administrator_browser.get(f"/admin/heroes/hero/?{query}")


def test_the_admin_leads_through_pages_beyond_the_count(heroes, admin_pages):
    names, number = [], 1
    for number in range(1, 6):
        page = read(admin_pages(f"{FILTER}&o=1&p={number}"))
        names += [cell.text for cell in page.all("th", class_="field-name")]
        pages = page.one("p", class_="paginator").text
        assert "more than 4 heroes" in pages
        assert pages.startswith(
            {1: "1 2 …", 2: "1 2 3 …", 3: "1 2 3 4 …", 4: "1 2 3 4 5 …", 5: "1 2 3 4 5 more"}[number]
        )
    assert names == heroes
    for number in ("6", "99999999999999999999"):
        assert admin_pages(f"{FILTER}&p={number}").status_code == 400


def test_the_admin_shows_exact_counts_as_before(heroes, admin_pages):
    page = read(admin_pages(""))
    assert re.match(r"1 2 3 4 5 10 heroes", page.one("p", class_="paginator").text)
    page = read(admin_pages("age__lte=4"))
    assert re.match(r"1 2 4 heroes", page.one("p", class_="paginator").text)
    assert "Select all 4 heroes" in page.text
    page = read(admin_pages(FILTER))
    assert "Select all that match" in page.text
    assert "Select all 4" not in page.text


def test_a_filtered_list_of_changes_is_counted_up_to_the_limit(
    heroes, visitor_program, visitor_browser, administrator_browser
):
    """As in a list of records. Without a filter, all changes are counted."""
    total = HEROES + 3  # with two teams and the hero without an age
    address = "/api/v1/changesets/"
    assert counts(visitor_program.get(f"{address}?limit=2").json()) == (total, True)
    for query, number in {"kind=team": 2, "kind=hero": HEROES + 1, "source=command": total}.items():
        page = visitor_program.get(f"{address}?limit=2&{query}").json()
        assert counts(page) == ((number, True) if number <= 4 else (4, False))
        assert counts(visitor_program.get(f"{address}?{query}&count=exact").json()) == (number, True)
        listed = {row["id"] for row in visitor_program.get(f"{address}?limit=9&{query}").json()["results"]}
        last = visitor_program.get(f"{address}?limit=9&offset=9&{query}").json()
        assert len(listed | {row["id"] for row in last["results"]}) == number
        assert last["next"] is None
    tally = read(visitor_browser.get("/history/?source=command&limit=2")).one("p", id="tally").text
    assert tally == "1–2 of more than 4"
    shown = read(administrator_browser.get("/admin/records/changeset/?source__exact=command")).text
    assert "more than 4" in shown
    assert "more than 4" not in read(administrator_browser.get("/admin/records/changeset/")).text
