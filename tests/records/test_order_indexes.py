"""Each sort order of a list has an index, so the first page isn't slower in a large register."""

import pytest
from django.db import connection

from heroes.models import Hero
from heroesite.records.models.fields import RecordForeignKey
from heroesite.records.registry import record_types
from teams.models import Team

pytestmark = pytest.mark.django_db
RECORDS = 3000


@pytest.fixture
def register(db):
    teams = [Team(name=f"Team {number}", headquarters=f"Road {number}") for number in range(RECORDS)]
    Team.objects.create_all(teams)
    Hero.objects.create_all(
        [Hero(name=f"Owl {n}", secret_name="x", age=n % 300 if n % 5 else None) for n in range(RECORDS)]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


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
