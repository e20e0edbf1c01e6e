"""Read pages by offset, with SQL that is compiled only once."""

from typing import Any

from django.db import models

from heroesite.database.statements import Columns, CountStatement, Row, Statement
from heroesite.records.filters.ids_first import DEEP, any_rows, reads_ids_first, rows_at
from heroesite.records.filters.offset import OffsetPaginator

OFFSET = 987_654_321
"""A placeholder for a number in compiled SQL."""


class DeepStatement(Statement):
    """Reads the rows at a large offset.

    Args:
        rows: a queryset in a total order.
        columns: the names of the columns to read, or expressions.
        has_few_matches: see :func:`heroesite.records.filters.ids_first.rows_at`.
    """

    def __init__(
        self, rows: models.QuerySet[Any], columns: Columns, *, has_few_matches: bool = False
    ) -> None:
        super().__init__(rows_at(rows, OFFSET, 1, has_few_matches=has_few_matches).values_list(*columns))
        # These two come after all other parameters, because the order has none.
        self.sql = self.sql.replace(f" LIMIT 1 OFFSET {OFFSET}", " LIMIT %s OFFSET %s")


class AnyStatement(Statement):
    """Reads rows in their order, but not necessarily the first of it.

    Args:
        rows: a queryset in a total order.
        columns: the names of the columns to read, or expressions.
    """

    def __init__(self, rows: models.QuerySet[Any], columns: Columns) -> None:
        super().__init__(any_rows(rows, OFFSET).values_list(*columns))
        self.sql = self.sql.replace(f" LIMIT {OFFSET}", " LIMIT %s")


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
        if self.counts_first:
            self.any_statement = AnyStatement(rows, columns)
            self.few_statements = [DeepStatement(one, columns, has_few_matches=True) for one in self.ranges]
        self.range_counts = [CountStatement(one.order_by()) for one in self.ranges]

    def count_matches(self) -> int:
        return self.matches.count()

    def read_any(self, limit: int) -> list[Row]:
        return self.any_statement.execute(*self.any_statement.parameters, limit)

    def read_range(self, number: int, offset: int, limit: int, *, has_few_matches: bool) -> list[Row]:
        shallow = self.few_statements if has_few_matches else self.statements
        statement = (shallow if has_few_matches or offset < DEEP else self.deep_statements)[number]
        return statement.execute(*statement.parameters, limit, offset)

    def count_range(self, number: int) -> int:
        return self.range_counts[number].count()
