"""SQL that is compiled once from a queryset and then only executed."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import psycopg
from django.db import connections

Row = Sequence[Any]


def preparing_cursor(connection: Any) -> Any:
    """Return a cursor that prepares each statement once per connection, as Django's don't on PostgreSQL."""
    if connection.vendor != "postgresql":
        return connection.cursor()
    connection.ensure_connection()
    cursor = psycopg.Cursor(connection.connection)
    cursor.format = psycopg.pq.Format.BINARY
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    return wrap(cursor)


class Statement:
    """SQL that is compiled once.

    Args:
        rows: a queryset of values.
        suffix: what follows the SQL of the queryset.
    """

    def __init__(self, rows: Any, suffix: str = "") -> None:
        self.database = rows.db
        compiler = rows.query.get_compiler(self.database)
        sql, self.parameters = compiler.as_sql()
        self.sql = sql + suffix
        converters = compiler.get_converters([expression for expression, _sql, _alias in compiler.select])
        self.convert = partial(compiler.apply_converters, converters=converters) if converters else None

    def execute(self, *parameters: Any) -> list[Row]:
        with preparing_cursor(connections[self.database]) as cursor:
            cursor.execute(self.sql, parameters)
            rows: Any = cursor.fetchall()
        return list(self.convert(rows)) if self.convert else rows


class CountStatement(Statement):
    """Counts the rows of a queryset."""

    def __init__(self, rows: Any) -> None:
        super().__init__(rows.order_by().values_list("pk"))
        self.sql = f"SELECT COUNT(*) FROM ({self.sql}) matches"  # noqa: S608  SQL of the ORM
        self.convert = None

    def count(self) -> int:
        [[count]] = self.execute(*self.parameters)
        return int(count)
