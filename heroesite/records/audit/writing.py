"""Write a record with its history entry and, for the first write of a request, the change set.

On PostgreSQL, this takes one statement, and so one round trip. SQLite has no such statement.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connections, router
from django.utils import timezone

from heroesite.database.statements import preparing_cursor
from heroesite.records.audit.change_sets import ChangeSet, current_context
from heroesite.records.audit.entries import Entry
from heroesite.records.audit.recording import build_entry, entries_recorded

Query = tuple[str, list[Any]]
"""A statement and its parameters."""


class RecordWriter:
    """Writes a record within :func:`.change_sets.atomic_change_set`.

    Args:
        record: the record with its new values.
        stored: the values, by attribute, that the row keeps although the instance has others. The history
            entry contains them.
        blind_fields: the restricted fields that were written by a user who can't see them.
    """

    def __init__(
        self, record: Any, stored: Mapping[str, Any] | None = None, blind_fields: Iterable[str] = ()
    ) -> None:
        self.record, self.stored, self.blind_fields = record, stored or {}, blind_fields
        self.connection = connections[router.db_for_write(type(record), instance=record)]
        self.table = self.quote(record._meta.db_table)
        self.pk = self.quote(record._meta.pk.column)

    def insert(self) -> Any:
        """Insert the record, and return its id."""
        return self.write(self.insert_query(self.record), Entry.CREATED)

    def update(self, values: Mapping[str, Any], version: int) -> Any:
        """Update columns of the row. Return the id of the record, or None if it isn't at this version.

        Args:
            values: the new values by attribute.
        """
        fields = [self.record._meta.get_field(name) for name in values]
        columns = ", ".join(f"{self.quote(field.column)} = %s" for field in fields)
        parameters = [
            field.get_db_prep_save(value, self.connection)
            for field, value in zip(fields, values.values(), strict=True)
        ]
        sql = f"UPDATE {self.table} SET {columns} WHERE {self.pk} = %s AND {self.quote('version')} = %s"  # noqa: S608
        return self.write((sql, [*parameters, self.record.pk, version]), Entry.CHANGED)

    def delete(self) -> Any:
        """Delete the row. Return the id of the record, or None if there is no such row."""
        sql = f"DELETE FROM {self.table} WHERE {self.pk} = %s"  # noqa: S608
        return self.write((sql, [self.record.pk]), Entry.DELETED)

    def write(self, query: Query, history_type: str) -> Any:
        """Run ``query``, and record the change. Return the record's id, or None if there is no such row."""
        context = current_context()
        change_set = context.build() if context.change_set_id is None else None
        now = timezone.now()
        entry = build_entry(self.record, history_type, now, context.change_set_id, self.blind_fields)
        for name, value in self.stored.items():
            setattr(entry, name, value)
        is_postgresql = self.connection.vendor == "postgresql"
        execute = self.execute_together if is_postgresql else self.execute_in_turn
        pk, change_set_id = execute(query, change_set, entry)
        if pk is not None:
            context.change_set_id = change_set_id
            entries_recorded.send(sender=type(self.record))
        return pk

    def execute_together(self, query: Query, change_set: ChangeSet | None, entry: Any) -> tuple[Any, Any]:
        """Write everything in one statement. Return the ids of the record and of the change set."""
        sql, parameters = query
        parts = [f"record AS ({sql} RETURNING {self.pk} AS id)"]
        source, computed = "record", {"id": "record.id"}
        if change_set:
            sql, more = self.insert_query(change_set, source="record")
            parts.append(f"change_set AS ({sql} RETURNING id)")
            parameters = [*parameters, *more]
            source, computed = "record, change_set", {**computed, "change_set_id": "change_set.id"}
        sql, more = self.insert_query(entry, computed, source)
        with preparing_cursor(self.connection) as cursor:
            cursor.execute(f"WITH {', '.join(parts)} {sql} RETURNING id, change_set_id", [*parameters, *more])
            return cursor.fetchone() or (None, None)

    def execute_in_turn(self, query: Query, change_set: ChangeSet | None, entry: Any) -> tuple[Any, Any]:
        """Write each row in its own statement. Return the ids of the record and of the change set."""
        with self.connection.cursor() as cursor:
            cursor.execute(*query)
            if not cursor.rowcount:
                return None, None
            entry.id = self.record.pk or cursor.lastrowid
            if change_set:
                cursor.execute(*self.insert_query(change_set))
                entry.change_set_id = cursor.lastrowid
            cursor.execute(*self.insert_query(entry))
            return entry.id, entry.change_set_id

    def insert_query(
        self, instance: Any, computed: Mapping[str, str] | None = None, source: str = ""
    ) -> Query:
        """Return the statement that inserts an instance.

        Args:
            computed: the SQL of values that the statement itself produces, by attribute.
            source: the tables that this SQL refers to. If they are empty, nothing is inserted.
        """
        columns, expressions, parameters = [], [], []
        for field in instance._meta.concrete_fields:
            if field.primary_key and instance.pk is None:
                continue
            columns.append(self.quote(field.column))
            value = field.get_db_prep_save(field.pre_save(instance, add=True), self.connection)
            if computed and field.attname in computed:
                expressions.append(computed[field.attname])
            elif hasattr(value, "as_sql"):  # the id of the transaction
                sql, _none = getattr(value, f"as_{self.connection.vendor}", value.as_sql)(
                    None, self.connection
                )
                expressions.append(sql)
            else:
                expressions.append("%s")
                parameters.append(value)
        values = ", ".join(expressions)
        rows = f"SELECT {values} FROM {source}" if source else f"VALUES ({values})"  # noqa: S608
        return f"INSERT INTO {self.quote(instance._meta.db_table)} ({', '.join(columns)}) {rows}", parameters

    def quote(self, name: str) -> str:
        quoted: str = self.connection.ops.quote_name(name)
        return quoted
