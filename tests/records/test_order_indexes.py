"""Each sort order of a list has an index, so its pages aren't slower in a large register."""

import pytest
from django.db import connection

from heroes.models import Hero
from heroesite.records.filters.cursor import CursorPaginator
from heroesite.records.filters.ids_first import DEEP, rows_at
from heroesite.records.models.fields import RecordForeignKey
from heroesite.records.registry import get_record_type, record_types
from teams.models import Team

pytestmark = pytest.mark.django_db
RECORDS = 3000


@pytest.fixture
def register(db):
    teams = [Team(name=f"Team {number}", headquarters=f"Road {number}") for number in range(RECORDS)]
    Team.objects.create_all(teams)
    Hero.objects.create_all(
        [
            Hero(
                name=f"Owl {n * 7919 % RECORDS}",
                secret_name="x",
                age=n % 300 if n % 5 else None,
                team_id=teams[n % 300].pk if n % 7 else None,
            )
            for n in range(RECORDS)
        ]
    )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL lock_timeout = 0")  # autovacuum may be at work
        for model in (Hero, Team):
            cursor.execute(f"ANALYZE {model._meta.db_table}")


def orders(record_type):
    """Yield the orders by a column of the type's own table."""
    for order in record_type.filterset.base_filters["ordering"].extra["names"]:
        name = order.removeprefix("-")
        if "__" not in name and not isinstance(record_type.model._meta.get_field(name), RecordForeignKey):
            yield order


def test_each_order_has_an_index(register):
    for record_type in record_types():
        for order in orders(record_type):
            filterset = record_type.filterset({"ordering": order}, record_type.model.objects.all())
            assert filterset.is_valid()
            explained = filterset.qs[:100].explain()
            if connection.vendor == "postgresql":
                assert "Seq Scan" not in explained, (order, explained)
            else:
                assert "TEMP B-TREE" not in explained, (order, explained)


def all_orders(record_type):
    """Yield the orders by a column of the type's own table or of a linked record, with their rows."""
    for order in record_type.filterset.base_filters["ordering"].extra["names"]:
        if "__" not in order:
            filterset = record_type.filterset({"ordering": order}, record_type.model.objects.all())
            assert filterset.is_valid()
            yield order, filterset.qs


def avoid(*methods):
    """Keep PostgreSQL from using these methods, which are cheap for so few rows, if it can use an index."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for method in methods:
                cursor.execute(f"SET LOCAL enable_{method} = off")


def reads_index_range(explained, order):
    """Return whether a plan reads a range of an index.

    Sorting rows with the same link is allowed, and so is sorting those with the same name: there is only one.
    """
    if connection.vendor == "postgresql":
        sorted_rows = (
            explained.replace("Incremental Sort", "") if order.endswith(("team", "name")) else explained
        )
        return "Seq Scan" not in explained and "Sort  (" not in sorted_rows
    return "SCAN" not in explained and "TEMP B-TREE" not in explained


@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_page_at_any_depth_reads_a_range_of_an_index(share, backwards, register):
    avoid("seqscan", "bitmapscan", "sort", "hashjoin", "mergejoin")
    for record_type in record_types():
        for order, rows in all_orders(record_type):
            paginator = CursorPaginator(rows)
            row = rows.annotate(**paginator.position_columns)[int(RECORDS * share)]
            position = [getattr(row, name) for name in paginator.position_columns]
            for one in paginator.ranges(position, backwards=backwards):
                explained = one[:10].explain()
                assert reads_index_range(explained, order), (order, str(one.query), explained)


def test_a_large_offset_skips_only_entries_of_an_index(register):
    avoid("seqscan", "bitmapscan", "sort", "incremental_sort")
    for record_type in record_types():
        for order in orders(record_type):
            filterset = record_type.filterset({"ordering": order}, record_type.model.objects.all())
            assert filterset.is_valid()
            explained = rows_at(filterset.qs.values("name"), DEEP, 10).explain()
            if connection.vendor == "postgresql":
                assert "Index Only Scan" in explained, (order, explained)
            else:
                assert "COVERING INDEX" in explained or order.endswith("id"), (order, explained)


def test_records_without_a_value_are_listed_from_an_index(register):
    avoid("seqscan", "bitmapscan", "sort", "incremental_sort")
    filterset = get_record_type(Hero).filterset({"age__isnull": "true"}, Hero.objects.all())
    assert filterset.is_valid(), filterset.errors
    explained = filterset.qs[:100].explain()
    index = "heroes_hero_age_missing" if connection.vendor == "postgresql" else "heroes_hero_age_desc"
    assert index in explained
