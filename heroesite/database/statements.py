"""SQL that is compiled from a queryset once and executed many times."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate, islice, pairwise
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db import NotSupportedError, connections, models

Row = Sequence[Any]
Columns = Sequence[str | models.Expression]

prepared_cursors: WeakKeyDictionary[Any, psycopg.Cursor] = WeakKeyDictionary()
"""The cursors that :func:`fetch_all` uses again, by Django's connection."""


def fetch_all(connection: Any, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
    """Execute SQL and return all rows. PostgreSQL prepares each statement once per connection.

    Args:
        connection: one of Django's.
    """
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return list(cursor.fetchall())
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    cursor = wrap(prepared_cursor(connection))
    cursor.execute(sql, parameters)
    return list(cursor.fetchall())


def prepared_cursor(connection: Any) -> psycopg.Cursor:
    """Return the cursor of a connection that prepares statements. Creating one each time would cost more.

    Behind a connection pooler such as PgBouncer, nothing is prepared: requests can reach different server
    processes, which can use the same name for different statements.
    """
    cursor = prepared_cursors.get(connection)
    if cursor is None or cursor.connection is not connection.connection:
        connection.connection.prepare_threshold = 0 if is_direct(connection.connection) else None
        cursor = prepared_cursors[connection] = psycopg.Cursor(connection.connection)
        cursor.format = psycopg.pq.Format.BINARY
    return cursor


def is_direct(connection: psycopg.Connection) -> bool:
    """Return whether a connection isn't pooled. Poolers report process ids that aren't the server's."""
    row: Any = connection.execute("SELECT pg_backend_pid()").fetchone()
    return bool(row[0] == connection.info.backend_pid)


class Statement:
    """Executes SQL that is compiled once.

    Args:
        rows: a queryset of values.
        suffix: the SQL to append to that of the queryset.

    Raises:
        EmptyResultSet: Django detects that no row can match, and generates no SQL.
    """

    def __init__(self, rows: Any, suffix: str = "") -> None:
        self.database = rows.db
        self.compiler = rows.query.get_compiler(self.database)
        sql, self.parameters = self.compiler.as_sql()
        self.sql = sql + suffix
        selected = [expression for expression, _sql, _alias in self.compiler.select]
        self.width = len(selected)
        self.converters = self.compiler.get_converters(selected)

    def execute(self, *parameters: Any) -> list[Row]:
        connection = connections[self.database]
        try:
            rows = fetch_all(connection, self.sql, parameters)
        except NotSupportedError:
            # A migration has changed the type of a column, so PostgreSQL can't run the prepared statement.
            if connection.in_atomic_block:
                raise  # a rollback discards it; see heroesite.records.retries
            connection.close()
            rows = fetch_all(connection, self.sql, parameters)
        return list(self.compiler.apply_converters(rows, self.converters)) if self.converters else rows

    def read_joined(self, row: Row) -> Any:
        """Return the row, or None if it is the empty row of an outer join."""
        return None if all(value is None for value in row) else row


class CountStatement(Statement):
    """Counts the rows of a queryset, which must not have an order."""

    def __init__(self, rows: Any) -> None:
        super().__init__(rows.values_list("pk"))
        self.sql = f"SELECT COUNT(*) FROM ({self.sql}) matches"  # noqa: S608  SQL of the ORM
        self.converters = {}

    def count(self) -> int:
        [[count]] = self.execute(*self.parameters)
        return int(count)


class InstanceStatement(Statement):
    """Loads model instances.

    Args:
        rows: a queryset. Its annotations become attributes.
        links: the names of foreign keys; the instances that they link to are loaded too.
        suffix: the SQL to append to that of the queryset.
    """

    def __init__(self, rows: Any, links: Sequence[str] = (), suffix: str = "") -> None:
        self.model = rows.model
        self.columns = columns_of(rows.model)
        self.links = [rows.model._meta.get_field(link) for link in links]
        self.annotations = list(rows.query.annotations)
        linked = [
            f"{link.name}__{column}" for link in self.links for column in columns_of(link.related_model)
        ]
        super().__init__(rows.values_list(*self.columns, *linked, *self.annotations), suffix)

    def load(self, key: Any) -> Any:
        """Return the instance that is found if ``key`` replaces the last parameter, or None."""
        rows = self.execute(*self.parameters[:-1], key)
        return self.instance(iter(rows[0])) if rows else None

    def load_all(self) -> list[Any]:
        """Return all instances that are found."""
        return [self.instance(iter(row)) for row in self.execute(*self.parameters)]

    def read_joined(self, row: Row) -> Any:
        """Return the instance, or None if the row is the empty row of an outer join."""
        found = row[self.columns.index(self.model._meta.pk.attname)] is not None
        return self.instance(iter(row)) if found else None

    def instance(self, values: Iterator[Any]) -> Any:
        """Return the instance of a row."""
        instance = self.model.from_db(self.database, self.columns, list(islice(values, len(self.columns))))
        for link in self.links:
            columns = columns_of(link.related_model)
            row = dict(zip(columns, values, strict=False))
            # If the link was changed while the statement waited for a lock, the row is that of the old link.
            key = getattr(instance, link.attname)
            if key is not None and key == row[link.target_field.attname]:
                setattr(instance, link.name, link.related_model.from_db(self.database, columns, row.values()))
        for name, value in zip(self.annotations, values, strict=True):
            setattr(instance, name, value)
        return instance


class JoinedStatement(Statement):
    """Executes statements of one database in one round trip, the others only if the first finds a row.

    Each of them finds at most one row for its last parameter.
    """

    def __init__(self, first: Statement, *others: Statement) -> None:
        self.parts = [first, *others]
        self.database, self.compiler = first.database, first.compiler
        joins = "".join(f" LEFT JOIN ({part.sql}) AS part{n} ON TRUE" for n, part in enumerate(others, 1))
        self.sql = f"SELECT * FROM ({first.sql}) AS part0{joins}"  # noqa: S608  SQL of the ORM
        self.starts = [0, *accumulate(part.width for part in self.parts)]
        self.converters = {
            start + index: converters
            for start, part in zip(self.starts, self.parts, strict=False)
            for index, converters in part.converters.items()
        }

    def load(self, *keys: Any) -> list[Any]:
        """Return what each statement finds if these keys replace the last parameters, or None for each."""
        parameters = [
            parameter
            for part, key in zip(self.parts, keys, strict=True)
            for parameter in (*part.parameters[:-1], key)
        ]
        for row in self.execute(*parameters):
            return [
                part.read_joined(row[start:end])
                for part, (start, end) in zip(self.parts, pairwise(self.starts), strict=True)
            ]
        return [None] * len(self.parts)


@cache
def columns_of(model: Any) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]
