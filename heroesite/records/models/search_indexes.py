"""Indexes for search: a trigram index of search keys, which finds parts of names, with ``pg_trgm`` on
PostgreSQL and FTS5 on SQLite, and on SQLite ranges, which find starts of names.

Each ``migrate`` creates those that are missing, because the extension may be installed later than the
database. Without an index, a search reads all names and returns the same results.
"""

import sqlite3
from collections.abc import Iterable
from typing import Any

from django.db import DatabaseError, connections, models, transaction
from django.db.backends.utils import truncate_name
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from heroesite.text import without_punctuation

from .base import Record
from .fields import FoldedField, SearchKeyField

LENGTH = 3
"""The shortest text that a trigram index finds."""
TRIGGERS = ("insert", "update", "delete")
FORMER_COLUMN = "name_key"
"""The column that had the trigram index in earlier versions."""


def index_name(model: Any, column: str = "search_key") -> str:
    """Return the name of the index on PostgreSQL, and of the virtual table on SQLite."""
    return truncate_name(f"{model._meta.db_table}_{column}_trigrams", 60)


def trigger_names(name: str) -> list[str]:
    return [f"{name}_{trigger}" for trigger in TRIGGERS]


@receiver(post_migrate)
def create_search_indexes(sender: Any, using: str, **kwargs: Any) -> None:
    """Create the missing indexes of an app's record types, and drop those of earlier versions."""
    record_types: list[Any] = [model for model in sender.get_models() if issubclass(model, Record)]
    connection = connections[using]
    create = {"postgresql": create_on_postgresql, "sqlite": create_on_sqlite}[connection.vendor]
    for model in record_types:
        with connection.cursor() as cursor:
            columns = existing_columns(connection, cursor, model._meta.db_table)
            field = model._meta.get_field("search_key")
            if field.column in columns:  # a migration to an earlier version may have removed it
                drop_index(connection, cursor, model, FORMER_COLUMN)
                create(connection, cursor, model, field)


def existing_columns(connection: Any, cursor: Any, table: str) -> set[str]:
    if table not in connection.introspection.table_names(cursor):
        return set()
    return {column.name for column in connection.introspection.get_table_description(cursor, table)}


def drop_index(connection: Any, cursor: Any, model: Any, column: str) -> None:
    quote = connection.ops.quote_name
    name = index_name(model, column)
    if connection.vendor == "postgresql":
        cursor.execute(f"DROP INDEX IF EXISTS {quote(name)}")
        return
    for trigger in trigger_names(name):
        cursor.execute(f"DROP TRIGGER IF EXISTS {quote(trigger)}")
    cursor.execute(f"DROP TABLE IF EXISTS {quote(name)}")
    connection.schema.pop(name, None)


def create_on_postgresql(connection: Any, cursor: Any, model: Any, field: SearchKeyField) -> None:
    quote = connection.ops.quote_name
    cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
    if not cursor.fetchone():
        return
    try:
        with transaction.atomic(using=connection.alias):
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError:  # the user isn't allowed to create it
        return
    cursor.execute(
        f"CREATE INDEX IF NOT EXISTS {quote(index_name(model))} ON {quote(model._meta.db_table)}"
        f" USING gin ({quote(field.column)} gin_trgm_ops)"
    )


def create_on_sqlite(connection: Any, cursor: Any, model: Any, field: SearchKeyField) -> None:
    """Create a virtual table, and the triggers that update it.

    See https://www.sqlite.org/fts5.html#external_content_tables.
    """
    cursor.execute("SELECT sqlite_compileoption_used('ENABLE_FTS5')")
    if not cursor.fetchone()[0] or sqlite3.sqlite_version_info < (3, 34):
        return
    quote = connection.ops.quote_name
    table, column, pk = map(quote, (model._meta.db_table, field.column, model._meta.pk.column))
    name = index_name(model)
    index = quote(name)
    remove = f"INSERT INTO {index} ({index}, rowid, {column}) VALUES ('delete', old.{pk}, old.{column});"  # noqa: S608
    add = f"INSERT INTO {index} (rowid, {column}) VALUES (new.{pk}, new.{column});"  # noqa: S608
    triggers = [
        f"AFTER INSERT ON {table} BEGIN {add} END",
        f"AFTER UPDATE OF {column} ON {table} BEGIN {remove} {add} END",
        f"AFTER DELETE ON {table} BEGIN {remove} END",
    ]
    if has_index(connection, name):
        return
    # If a migration has rebuilt the table, its triggers are missing but the virtual table exists.
    cursor.execute(
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {index} USING fts5({column}, content={table},"
        f" content_rowid={pk}, tokenize='trigram case_sensitive 1')"
    )
    # 'rebuild' leaves an index of many parts, which the following writes would otherwise merge, bit by bit.
    for command in ("rebuild", "optimize"):
        cursor.execute(f"INSERT INTO {index} ({index}) VALUES ('{command}')")  # noqa: S608
    for trigger, sql in zip(trigger_names(name), triggers, strict=True):
        cursor.execute(f"CREATE TRIGGER IF NOT EXISTS {quote(trigger)} {sql}")
    del connection.schema[name]


def has_index(connection: Any, name: str) -> bool:
    """Return whether an SQLite database has the virtual table ``name``, and all triggers that update it."""
    connection.ensure_connection()
    if name not in connection.schema:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT COUNT(*) FROM sqlite_master WHERE name IN (%s, %s, %s, %s)",
                [name, *trigger_names(name)],
            )
            connection.schema[name] = cursor.fetchone()[0] == 1 + len(TRIGGERS)
    known: bool = connection.schema[name]
    return known


@SearchKeyField.register_lookup
class ContainsAll(models.Lookup):
    """Find search keys that contain each of several texts, on SQLite with one search in the index.

    PostgreSQL uses its index for ``LIKE``.
    """

    lookup_name = "contains_all"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return self.join(compiler, self.rhs, [], [])

    def as_sqlite(self, compiler: Any, connection: Any) -> Any:
        model = self.lhs.target.model
        index, long = index_name(model), [text for text in self.rhs if len(text) >= LENGTH]
        if not long or not has_index(connection, index):
            return self.as_sql(compiler, connection)
        quote = connection.ops.quote_name
        pk = f"{quote(self.lhs.alias)}.{quote(model._meta.pk.column)}"
        match = f"{pk} IN (SELECT rowid FROM {quote(index)} WHERE {quote(index)} MATCH %s)"  # noqa: S608
        phrases = " ".join('"{}"'.format(text.replace('"', '""')) for text in long)
        return self.join(compiler, [text for text in self.rhs if text not in long], [match], [phrases])

    def join(self, compiler: Any, texts: Iterable[str], sql: list[str], parameters: list[str]) -> Any:
        """Add a comparison for each text to conditions, and join all of them."""
        for text in texts:
            comparison, compared = compiler.compile(models.lookups.Contains(self.lhs, text))
            sql, parameters = [*sql, comparison], [*parameters, *compared]
        return f"({' AND '.join(sql)})", parameters


@FoldedField.register_lookup
class Contains(models.lookups.Contains):
    """Find a part of a folded line. The index of search keys finds the names that can contain it."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        sql, parameters = super().as_sql(compiler, connection)
        column, text = self.lhs, self.rhs
        if not isinstance(text, str) or not hasattr(column, "alias"):
            return sql, parameters
        model, term = column.target.model, without_punctuation(text)
        if not issubclass(model, Record) or column.target.name != "name_key" or len(term) < LENGTH:
            return sql, parameters
        key = model._meta.get_field("search_key").get_col(column.alias)
        candidates, terms = compiler.compile(ContainsAll(key, [term]))
        return f"({candidates} AND {sql})", [*terms, *parameters]


LAST_CHARACTER = "\U0010ffff"
"""The highest code point, which no name contains."""


@FoldedField.register_lookup
class StartsWith(models.lookups.StartsWith):
    """Find the start of a folded name, on SQLite in a range. PostgreSQL uses its index for ``LIKE``."""

    def as_sqlite(self, compiler: Any, connection: Any) -> Any:
        if not isinstance(self.rhs, str):
            return super().as_sql(compiler, connection)
        column, parameters = self.process_lhs(compiler, connection)
        bounds = [self.rhs, self.rhs + LAST_CHARACTER]
        return f"({column} >= %s AND {column} < %s)", [*parameters, bounds[0], *parameters, bounds[1]]
