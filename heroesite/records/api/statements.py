"""SQL that is compiled once from a queryset and then only executed."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from weakref import WeakSet

import psycopg
from django.core.exceptions import EmptyResultSet
from django.db import connections

Row = Sequence[Any]


checked_connections: WeakSet[psycopg.Connection] = WeakSet()


def preparing_cursor(connection: Any) -> Any:
    """Return a cursor. On PostgreSQL, unlike Django's, it prepares each statement once per connection.

    Behind a connection pooler such as PgBouncer, nothing is prepared: requests can reach different server
    processes, which can use the same name for different statements.
    """
    if connection.vendor != "postgresql":
        return connection.cursor()
    connection.ensure_connection()
    driver_connection = connection.connection
    if driver_connection not in checked_connections:
        driver_connection.prepare_threshold = 0 if is_direct(driver_connection) else None
        checked_connections.add(driver_connection)
    cursor = psycopg.Cursor(driver_connection)
    cursor.format = psycopg.pq.Format.BINARY
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    return wrap(cursor)


def is_direct(connection: psycopg.Connection) -> bool:
    """Return whether a connection isn't pooled. A pooler reports process ids of its own."""
    row: Any = connection.execute("SELECT pg_backend_pid()").fetchone()
    return bool(row[0] == connection.info.backend_pid)


class NotPlannable(Exception):
    """A plan can't produce the same responses as the view."""


class Statement:
    """SQL that is compiled once.

    Args:
        rows: a queryset of values.
        suffix: the SQL to append to that of the queryset.

    Raises:
        NotPlannable: Django detects that no row can match, and generates no SQL.
    """

    def __init__(self, rows: Any, suffix: str = "") -> None:
        self.database = rows.db
        compiler = rows.query.get_compiler(self.database)
        try:
            sql, self.parameters = compiler.as_sql()
        except EmptyResultSet:
            raise NotPlannable from None
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
