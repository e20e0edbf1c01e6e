"""A search finds few matches in another way than many; its pages contain the same rows in the same order."""

import pytest
from django.contrib import admin

from heroes.models import Hero
from heroesite.records.filters.ids_first import rows_at
from tests.cases import Cases
from tests.factories import HeroFactory, TeamFactory
from tests.markup import read
from tests.searching import is_found

pytestmark = pytest.mark.django_db
SEARCHES = ["o", "ow", "owl", "owl 1", "zz", "zzz"]
FILTERS = ["", "&age__gte=2", "&team__isnull=false"]
ORDERS = ["name", "-name", "-age", "team", "-team,age", "id"]


@pytest.fixture(params=[0, 4, 1000])
def most(request, monkeypatch):
    """Treat all searches as those with many matches, some of them, or none."""
    monkeypatch.setattr("heroesite.records.counts.MOST", request.param)
    return request.param


@pytest.fixture
def register():
    teams = [None, TeamFactory(name="Zeta"), TeamFactory(name="Alpha")]
    for number in range(9):
        HeroFactory(name=f"Night Owl {number * 7 % 9}", age=number % 4 or None, team=teams[number % 3])
    HeroFactory(name="Fowler")
    HeroFactory(name="Oak")


def get(program, query):
    return program.get(f"/api/v1/heroes/?{query}").json()


def follow(program, query, link="next"):
    """Return the names on all pages."""
    names, address = [], f"/api/v1/heroes/?{query}"
    while address:
        page = program.get(address).json()
        found = [row["name"] for row in page["results"]]
        names, address = names + found if link == "next" else found + names, page[link]
    return names


def test_pages_by_offset_and_by_cursor_are_the_same(most, register, visitor_program):
    with Cases() as case:
        for search in SEARCHES:
            for query in (f"search={search}{filters}" for filters in FILTERS):
                expected = {hero.name for hero in Hero.objects.all() if is_found(search.split(), hero.name)}
                expected &= set(follow(visitor_program, query.partition("&")[2]))
                for ordered in (f"{query}&ordering={order}" for order in ORDERS):
                    with case(ordered):
                        whole = follow(visitor_program, f"{ordered}&limit=100")
                        assert set(whole) == expected
                        assert len(whole) == len(expected)
                        for limit in (1, 3, len(expected) or 1):
                            for paging in ("offset=0", "cursor=*"):
                                assert follow(visitor_program, f"{ordered}&limit={limit}&{paging}") == whole
                        rest = get(visitor_program, f"{ordered}&limit=2&offset=2")
                        assert [row["name"] for row in rest["results"]] == whole[2:4]


def test_the_order_is_that_of_the_whole_list(most, register, visitor_program):
    for order in ORDERS:
        listed = follow(visitor_program, f"ordering={order}")
        found = follow(visitor_program, f"ordering={order}&search=owl&limit=2")
        assert found == [name for name in listed if "owl" in name.casefold()]


def test_a_cursor_leads_back_through_the_same_pages(most, register, visitor_program):
    for order in ORDERS:
        whole = follow(visitor_program, f"search=o&ordering={order}")
        address, last = f"search=o&ordering={order}&limit=3&cursor=*", ""
        while address:
            last, following = address, get(visitor_program, address)["next"]
            address = following and following.partition("?")[2]
        assert follow(visitor_program, last, "previous") == whole


def test_the_count_is_that_of_the_matches(most, register, visitor_program):
    for search, number in {"o": 10, "owl": 10, "zz": 0, "oak": 1}.items():
        for paging in ("limit=3", "limit=3&offset=1", "limit=100", "offset=50", "limit=3&offset=9"):
            page = get(visitor_program, f"search={search}&{paging}")
            exact = (number, True) if number <= most else (most, False)
            assert (page["count"], page["count_is_exact"]) == exact, (search, paging)
            page = get(visitor_program, f"search={search}&{paging}&count=exact")
            assert (page["count"], page["count_is_exact"]) == (number, True)


def test_pages_of_the_website_and_of_the_admin_have_the_same_rows(
    most, register, visitor_program, visitor_browser, administrator_browser, monkeypatch
):
    monkeypatch.setattr(admin.site.get_model_admin(Hero), "list_per_page", 2)
    whole = follow(visitor_program, "search=owl")
    shown = read(visitor_browser.get("/heroes/?search=owl&limit=4&offset=4"))
    assert [cell.text for cell in shown.all("th", scope="row")] == whole[4:8]
    if most:  # otherwise the admin has no pages
        shown = read(administrator_browser.get("/admin/heroes/hero/?q=owl&o=1&p=2"))
        assert [cell.text for cell in shown.all("th", class_="field-name")] == whole[2:4]


@pytest.mark.parametrize("order", [[], ["-name_key", "-pk"], ["-age", "-pk"], ["team__name_key", "pk"]])
def test_few_matches_are_in_the_same_order_as_many(order, register):
    rows = Hero.objects.search(["owl"]).order_by(*order) if order else Hero.objects.search(["owl"])
    for offset in range(10):
        few, many = (
            list(rows_at(rows.all(), offset, 3, has_few_matches=has_few_matches))
            for has_few_matches in (True, False)
        )
        assert few == many == list(rows.all())[offset : offset + 3]
