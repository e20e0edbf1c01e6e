"""Write a record with its history entry and, for the first write of a request, the change set.

The entry is a copy of the row, so it contains what the database stores. On PostgreSQL, all of this is one
statement: one round trip, and a transaction by itself. SQLite has no such statement.

The SQL depends only on the fields that are written, so it is built once for each set of them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from django.db import connections, router
from django.utils import timezone

from heroesite.database.statements import fetch_all
from heroesite.records.audit.change_sets import ChangeSet, current_context
from heroesite.records.audit.entries import CURRENT_TRANSACTION, Entry, action_of, count_key
from heroesite.records.audit.recording import entries_recorded

SET_BY_DELETION = ("version", "updated_at")
"""The fields in which the entry of a deletion differs from the row that was deleted."""
COUNTS: Any = ChangeSet._meta.get_field("entry_counts")


class Write(NamedTuple):
    """What the SQL of a write depends on.

    Attributes:
        model: the record type.
        history_type: whether the record is created, changed or deleted, see :class:`.entries.Entry`.
        columns: the columns of the row to write.
        blind_fields: the restricted fields that were written by a user who can't see them.
    """

    model: Any
    history_type: str
    columns: tuple[str, ...]
    blind_fields: tuple[str, ...]


@cache
def writes_in_one_statement(model: Any) -> bool:
    """Return whether a record of this type is written together with its history in one statement."""
    return connections[router.db_for_write(model)].vendor == "postgresql"


class RecordWriter:
    """Writes a record within :func:`.change_sets.atomic_change_set`.

    Args:
        record: the record with its new values.
        blind_fields: the restricted fields that were written by a user who can't see them.
    """

    def __init__(self, record: Any, blind_fields: Iterable[str] = ()) -> None:
        self.record, self.blind_fields = record, tuple(sorted(blind_fields))
        self.connection = connections[router.db_for_write(type(record), instance=record)]

    def insert(self) -> Any:
        """Insert the record, and return its id."""
        model: Any = type(self.record)
        return self.write(Entry.CREATED, fields_to_insert(model, with_key=self.record.pk is not None))

    def update(self, fields: Sequence[Any], version: int) -> Any:
        """Write fields to the row. Return the id of the record, or None if it isn't at this version."""
        return self.write(Entry.CHANGED, fields, self.record.pk, version)

    def delete(self, version: int) -> Any:
        """Delete the row. Return the id of the record, or None if it isn't at this version.

        The record already has the version of the deletion.
        """
        return self.write(Entry.DELETED, [], self.record.pk, version)

    def write(self, history_type: str, fields: Sequence[Any], *key: Any) -> Any:
        """Write the row, and record the change. Return the record's id, or None if there is no such row.

        Args:
            fields: the fields of the row to write.
            key: the id and the version of the row, unless it is new.
        """
        context, record = current_context(), self.record
        is_first = context.change_set_id is None
        columns = tuple(field.column for field in fields)
        write = Write(type(record), history_type, columns, self.blind_fields)
        row = [*self.parameters(record, fields), *key]
        now = self.connection.ops.adapt_datetimefield_value(timezone.now())
        counts = context.counts_with(count_key(write.model, action_of(history_type, record.version > 1)))
        change_set = {}
        if is_first:
            stored_counts = COUNTS.get_db_prep_save(counts, self.connection)
            change_set = {**context.attributes(now), COUNTS.column: stored_counts}
        entry = [now]
        if history_type == Entry.DELETED:
            replaced = [record._meta.get_field(name) for name in SET_BY_DELETION]
            entry = [*self.parameters(record, replaced), *entry]
        execute = self.execute_together if writes_in_one_statement(write.model) else self.execute_in_turn
        pk, change_set_id = execute(write, row, change_set, entry, context.change_set_id)
        if pk is not None:
            context.entry_counts = counts
            if is_first:
                context.change_set_id, context.stored_counts = change_set_id, counts
            entries_recorded.send(sender=type(record))
        return pk

    def parameters(self, instance: Any, fields: Iterable[Any]) -> list[Any]:
        """Return the values of fields as parameters of a statement."""
        return [
            field.get_db_prep_save(field.pre_save(instance, instance._state.adding), self.connection)
            for field in fields
        ]

    def execute_together(
        self, write: Write, row: list[Any], change_set: dict[str, Any], entry: list[Any], change_set_id: Any
    ) -> tuple[Any, Any]:
        """Write everything in one statement. Return the ids of the record and of the change set."""
        known = [] if change_set else [change_set_id]
        parameters = [*row, *change_set.values(), *entry, *known]
        for pk, change_set_id in fetch_all(self.connection, joint_sql(write, tuple(change_set)), parameters):
            return pk, change_set_id
        return None, None

    def execute_in_turn(
        self, write: Write, row: list[Any], change_set: dict[str, Any], entry: list[Any], change_set_id: Any
    ) -> tuple[Any, Any]:
        """Write each row in its own statement. Return the ids of the record and of the change set."""
        is_deletion = write.history_type == Entry.DELETED
        pk, version = row if is_deletion else (self.record.pk, self.record.version)
        table, key = quote(write.model._meta.db_table), quote(write.model._meta.pk.column)
        source = f"{table} AS record WHERE record.{key} = %s AND record.version = %s"
        with self.connection.cursor() as cursor:
            if not is_deletion:
                cursor.execute(row_sql(write), row)
                if not cursor.rowcount:
                    return None, None
                pk = pk or cursor.lastrowid
            if change_set:
                cursor.execute(change_set_sql(tuple(change_set), source), [*change_set.values(), pk, version])
                change_set_id = cursor.lastrowid
            cursor.execute(entry_sql(write, "%s", source), [*entry, change_set_id, pk, version])
            if is_deletion:  # after its row has been copied
                cursor.execute(row_sql(write), row)
            return (pk, change_set_id) if cursor.rowcount else (None, None)


def quote(name: str) -> str:
    """Return an identifier, which all supported databases quote in this way."""
    return f'"{name}"'


@cache
def joint_sql(write: Write, change_set: tuple[str, ...]) -> str:
    """Return the statement that writes everything, on PostgreSQL.

    Args:
        change_set: the columns of the change set, or nothing if it exists already.
    """
    columns = ", ".join(quote(field.column) for field in write.model.history.model.tracked_fields)
    parts = [f"record AS ({row_sql(write)} RETURNING {columns})"]
    source, change_set_id = "record", "%s"
    if change_set:
        parts.append(f"change_set AS ({change_set_sql(change_set, 'record')} RETURNING id)")
        source, change_set_id = "record, change_set", "change_set.id"
    insert = entry_sql(write, change_set_id, source)
    return f"WITH {', '.join(parts)} {insert} RETURNING id, change_set_id"


@cache
def row_sql(write: Write) -> str:
    """Return the statement that writes the row."""
    table, columns = quote(write.model._meta.db_table), [quote(column) for column in write.columns]
    if write.history_type == Entry.CREATED:
        values = ", ".join(["%s"] * len(columns))
        return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608
    key = f"{quote(write.model._meta.pk.column)} = %s AND version = %s"
    if write.history_type == Entry.DELETED:
        return f"DELETE FROM {table} WHERE {key}"  # noqa: S608
    return f"UPDATE {table} SET {', '.join(f'{column} = %s' for column in columns)} WHERE {key}"  # noqa: S608


@cache
def change_set_sql(columns: tuple[str, ...], source: str) -> str:
    """Return the statement that creates the change set, unless the tables in ``source`` are empty."""
    return insert_sql(ChangeSet, dict.fromkeys(columns, "%s"), source)


@cache
def entry_sql(write: Write, change_set_id: str, source: str) -> str:
    """Return the statement that copies ``record``, one of the tables in ``source``, into the history.

    Args:
        change_set_id: SQL.
    """
    entry = write.model.history.model
    is_postgresql = writes_in_one_statement(write.model)
    as_sql = CURRENT_TRANSACTION.as_postgresql if is_postgresql else CURRENT_TRANSACTION.as_sql
    values = {
        **{field.column: f"record.{quote(field.column)}" for field in entry.tracked_fields},
        **(dict.fromkeys(SET_BY_DELETION, "%s") if write.history_type == Entry.DELETED else {}),
        "history_date": "%s",
        "change_set_id": change_set_id,
        "history_type": f"'{write.history_type}'",
        "blind_fields": f"'{json.dumps(write.blind_fields)}'",
        "erased": "'[]'",
        "transaction": as_sql()[0],
    }
    return insert_sql(entry, values, source)


def insert_sql(model: Any, values: Mapping[str, str], source: str) -> str:
    """Return the statement that inserts a row for each row of ``source``.

    Args:
        values: SQL by column.
    """
    table, columns = quote(model._meta.db_table), ", ".join(map(quote, values))
    return f"INSERT INTO {table} ({columns}) SELECT {', '.join(values.values())} FROM {source}"  # noqa: S608


@cache
def fields_to_insert(model: Any, *, with_key: bool = False) -> list[Any]:
    """Return the fields of a new row, with its key if that is known."""
    return [field for field in model._meta.concrete_fields if with_key or not field.primary_key]
