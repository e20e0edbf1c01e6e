"""Read pages of lists that aren't filtered, with SQL that is compiled once for each order."""

from functools import lru_cache
from typing import Any

from django.db import models

from heroesite.database.statements import InstanceStatement
from heroesite.records.models.base import Record

from .ids_first import reads_ids_first
from .offset import OffsetPaginator

MAX_ORDERS = 100
"""The largest number of sort orders whose compiled SQL is cached."""


class WholeListPaginator(OffsetPaginator):
    """Pages through all records of a type, with the same results as its base class."""

    def __init__(self, rows: models.QuerySet[Any]) -> None:
        super().__init__(rows)
        links = rows.model.link_names()
        self.statements = [
            None if one.query.where else InstanceStatement(one, links, " LIMIT %s OFFSET %s")
            for one in self.ranges
        ]

    def read_range(self, number: int, offset: int, limit: int, *, has_few_matches: bool) -> list[Any]:
        statement = self.statements[number]
        if statement is None or reads_ids_first(self.ranges[number], offset):
            return super().read_range(number, offset, limit, has_few_matches=has_few_matches)
        rows = statement.execute(*statement.parameters, limit, offset)
        return [statement.instance(iter(row)) for row in rows]


@lru_cache(MAX_ORDERS)
def whole_list(model: type[Record], order: tuple[Any, ...]) -> WholeListPaginator:
    """Return the paginator of a type's records with their links, which all requests share."""
    return WholeListPaginator(model.objects.with_links().order_by(*order))
