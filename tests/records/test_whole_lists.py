"""Unfiltered lists, whose SQL is compiled once, have the same pages as others."""

import pytest

from heroes.models import Hero
from heroesite.records.filters.offset import OffsetPaginator
from heroesite.records.filters.whole_lists import whole_list
from heroesite.records.registry import get_record_type
from teams.models import Team
from tests.cases import Cases
from tests.factories import HeroFactory, TeamFactory

pytestmark = pytest.mark.django_db

ORDERS = {
    Hero: ["", "name", "-name", "age", "-age", "team", "-team", "team,-age", "-updated_at,name", "-id"],
    Team: ["", "-name", "headquarters"],
}


@pytest.fixture
def register():
    teams = [None, *(TeamFactory(name=name) for name in ("Zeta", "alpha", "Éclair"))]
    for number in range(23):
        HeroFactory(age=[None, 7, 41][number % 3], team=teams[number % 4])


def values(record):
    return {field.attname: getattr(record, field.attname) for field in record._meta.concrete_fields}


def test_pages_are_the_same(register, django_assert_num_queries):
    with Cases() as case:
        for model, orders in ORDERS.items():
            for order in orders:
                rows = rows_in_order(model, order)
                shared = whole_list(model, rows.query.order_by)
                for offset in (0, 3, 10, 21, 100):
                    with case(f"{model.__name__} {order} {offset}"):
                        usual = OffsetPaginator(rows).page(offset, 5)
                        page = shared.page(offset, 5)
                        assert list(map(values, page.records)) == list(map(values, usual.records))
                        assert (page.count, page.has_next) == (usual.count, usual.has_next)
                        with django_assert_num_queries(0):
                            links = [
                                [getattr(each, name) for name in model.link_names()] for each in page.records
                            ]
                        assert links == [
                            [getattr(each, name) for name in model.link_names()] for each in usual.records
                        ]


def rows_in_order(model, order):
    filterset = get_record_type(model).filterset(
        {"ordering": order} if order else {}, queryset=model.objects.with_links()
    )
    assert filterset.is_valid()
    return filterset.qs
