"""Pages at a large offset contain the same rows as pages at a small one, with and without plans."""

import pytest

from heroes.models import Hero
from heroesite.records.api import offset_statements
from heroesite.records.filters import ids_first
from tests.cases import Cases
from tests.factories import HeroFactory, TeamFactory
from tests.markup import read

pytestmark = pytest.mark.django_db
ORDERS = ["id", "name", "-name", "age", "-age", "team", "-team", "team,-age", "-age,team", "-updated_at,name"]
QUERIES = [
    "",
    "&search=e",
    "&age__isnull=false",
    "&team__name=alpha",
    "&team__isnull=true",
    "&team__isnull=false",
]


@pytest.fixture
def register():
    teams = [TeamFactory(name=name) for name in ("Zeta", "alpha", "Éclair")]
    TeamFactory(name="without heroes")
    for number in range(23):
        HeroFactory(age=[None, 7, 41][number % 3], team=[None, *teams][number % 4])


@pytest.fixture(params=["small offsets", "large offsets"])
def deep(request, monkeypatch):
    """Treat all offsets as small, or all as large."""
    for module in (ids_first, offset_statements):
        monkeypatch.setattr(module, "DEEP", 0 if request.param == "large offsets" else 1000)


def test_pages_at_each_offset_are_in_order(register, deep, visitor_program, visitor_browser):
    with Cases() as case:
        for query in (f"ordering={order}{filters}" for order in ORDERS for filters in QUERIES):
            with case(query):
                whole, address = [], f"/api/v1/heroes/?cursor=*&{query}"
                while address:
                    page = visitor_program.get(address).json()
                    whole += [row["name"] for row in page["results"]]
                    address = page["next"]
                assert len(whole) == visitor_program.get(f"/api/v1/heroes/?{query}").json()["count"]
                for start in range(0, 25, 3):
                    page = visitor_program.get(f"/api/v1/heroes/?limit=4&offset={start}&{query}").json()
                    assert [row["name"] for row in page["results"]] == whole[start : start + 4]
                shown = read(visitor_browser.get(f"/heroes/?limit=4&offset=5&{query}"))
                assert [cell.text for cell in shown.all("th", scope="row")] == whole[5:9]


def test_a_list_sorted_by_count_has_pages_at_a_large_offset(register, deep, visitor_program):
    rows = visitor_program.get("/api/v1/teams/?ordering=-heroes__count&offset=1").json()["results"]
    counts = [Hero.objects.filter(team=row["id"]).count() for row in rows]
    assert len(rows) == 3
    assert counts == sorted(counts, reverse=True)
