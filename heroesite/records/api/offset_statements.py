"""Read pages by offset, with SQL that is compiled only once."""

from typing import Any

from django.db import models

from heroesite.database.statements import Columns, CountStatement, Row, Statement
from heroesite.records.filters.ids_first import DEEP, reads_ids_first, rows_at
from heroesite.records.filters.offset import OffsetPaginator

OFFSET = 987_654_321
"""A placeholder for the offset in compiled SQL."""


class DeepStatement(Statement):
    """Reads the rows at a large offset.

    Args:
        rows: a queryset in a total order.
        columns: the names of the columns to read, or expressions.
    """

    def __init__(self, rows: models.QuerySet[Any], columns: Columns) -> None:
        super().__init__(rows_at(rows, OFFSET, 1).values_list(*columns))
        # These two come after all other parameters, because the order has none.
        self.sql = self.sql.replace(f" LIMIT 1 OFFSET {OFFSET}", " LIMIT %s OFFSET %s")


class OffsetStatements(OffsetPaginator):
    """Pages through a list, with the same results as its paginator.

    Args:
        rows: a queryset in a total order.
        columns: the names of the columns to read, or expressions.
        is_exact: see :class:`OffsetPaginator`.

    Raises:
        EmptyResultSet: no row can match.
    """

    def __init__(self, rows: models.QuerySet[Any], columns: Columns, *, is_exact: bool) -> None:
        super().__init__(rows, is_exact=is_exact)
        self.matches = CountStatement(self.rows_to_count)
        self.deep_statements = [DeepStatement(one, columns) for one in self.ranges]
        self.statements = [
            deep if reads_ids_first(one, 0) else Statement(one.values_list(*columns), " LIMIT %s OFFSET %s")
            for one, deep in zip(self.ranges, self.deep_statements, strict=True)
        ]
        self.range_counts = [CountStatement(one.order_by()) for one in self.ranges]

    def count_matches(self) -> int:
        return self.matches.count()

    def read_range(self, number: int, offset: int, limit: int) -> list[Row]:
        statement = (self.statements if offset < DEEP else self.deep_statements)[number]
        return statement.execute(*statement.parameters, limit, offset)

    def count_range(self, number: int) -> int:
        return self.range_counts[number].count()
