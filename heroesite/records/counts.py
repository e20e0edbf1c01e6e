"""Count the records of a type, in total or by value, without reading all of them each time.

On PostgreSQL, the counts are stored with the snapshot in which they were read. They are updated from later
history entries: those of transactions that the stored snapshot doesn't include. Counts and snapshot are read
in one statement, so they always match.

A stored count isn't used if the server has crashed since, because PostgreSQL then reuses snapshots for
different data (see ``epoch``). No count is stored on a standby, whose snapshots omit running transactions, or
while the history has entries of transactions that are running or to come, which a restore from another server
can cause. The records are counted within a transaction, because it sees its own entries, and once a minute,
in case they were changed with SQL.

On SQLite, the records are counted again when something has been committed.
"""

import time
from collections.abc import Hashable, Mapping
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.utils.formats import localize
from django.utils.translation import gettext

from heroesite.database.data_tokens import EPOCH, read_data_token

from .audit.entries import Entry
from .models.base import Record

MOST = 10_000
"""The most rows of a filtered list that are counted, unless the exact count is requested."""
SECONDS = 60
"""The time after which a stored count is no longer used."""
SIGN = f"CASE entry.history_type WHEN '{Entry.CREATED}' THEN 1 WHEN '{Entry.DELETED}' THEN -1 ELSE 0 END"
"""SQL: 1 if an entry adds a record, -1 if it removes one, and 0 if it changes one."""
SNAPSHOT = f"""
    pg_current_snapshot()::text, pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
    {EPOCH}, pg_is_in_recovery()
"""
"""The snapshot of a statement, its oldest running transaction, its epoch, and whether this is a standby."""


class Count(NamedTuple):
    """The number of rows of a list.

    Attributes:
        number: the number of rows or, if it isn't exact, a number that the list has more rows than.
    """

    number: int
    is_exact: bool = True

    def __str__(self) -> str:
        number = str(localize(self.number))
        return number if self.is_exact else gettext("more than %(number)s") % {"number": number}


class Grouping(NamedTuple):
    """The value by which records are counted.

    Attributes:
        column: a column of the records and of their history.
        sql: an expression for the value, in which ``{0}`` is the column.
    """

    column: str
    sql: str = "{0}"


class StoredCounts(NamedTuple):
    """Counts by value, and the snapshot in which they were read."""

    counts: Mapping[Any, int]
    snapshot: str
    oldest: int
    epoch: str
    until: float


class RecordCounts:
    """Counts the records of a type.

    Args:
        grouping: the value to count the records by, or None to count all of them.
    """

    def __init__(self, model: type[Record], database: str, grouping: Grouping | None = None) -> None:
        self.database, self.grouping = database, grouping
        self.stored: StoredCounts | None = None
        self.counted: tuple[Hashable | None, Mapping[Any, int]] = (None, {})
        table, history = model._meta.db_table, model.history.model._meta.db_table
        quote = connections[database].ops.quote_name
        value, new, old = (
            grouping.sql.format(f"{each}.{quote(grouping.column)}") if grouping else "NULL"
            for each in (table, "entry", "previous")
        )
        groups = f"SELECT {value} AS value, COUNT(*) AS count FROM {table}"  # noqa: S608
        if grouping:
            groups += " GROUP BY 1"
        changes = f"SELECT {new} AS value, {SIGN} AS sign, entry.erased FROM entry WHERE {SIGN} <> 0"  # noqa: S608
        if grouping:
            joined = (
                f"FROM entry JOIN {history} AS previous"
                " ON previous.id = entry.id AND previous.version = entry.version - 1"
                f" WHERE {SIGN} = 0 AND ({new} IS DISTINCT FROM {old} OR previous.erased::text <> '[]')"
            )
            changes += (
                f" UNION ALL SELECT {new}, 1, entry.erased {joined}"
                f" UNION ALL SELECT {old}, -1, previous.erased {joined}"
            )
        # SQLite counts fast only if nothing else is selected.
        self.plain_sql = groups if grouping else f"SELECT COUNT(*) FROM {table}"  # noqa: S608
        self.count_sql = (
            f"SELECT value, count, {SNAPSHOT},"  # noqa: S608
            f" EXISTS (SELECT FROM {history}"
            " WHERE transaction >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
            " AND NOT pg_visible_in_snapshot(transaction::text::xid8, pg_current_snapshot()))"
            f" FROM (SELECT) AS one LEFT JOIN ({groups}) AS groups ON TRUE"
        )
        self.change_sql = (
            f"WITH entry AS (SELECT * FROM {history} WHERE transaction >= %s"  # noqa: S608
            " AND transaction < pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
            " AND NOT pg_visible_in_snapshot(transaction::text::xid8, %s::pg_snapshot))"
            f" SELECT value, count, {SNAPSHOT}, is_erased"
            " FROM (SELECT) AS one LEFT JOIN (SELECT value, SUM(sign)::bigint AS count,"
            " BOOL_OR(erased::text <> '[]') AS is_erased"
            f" FROM ({changes}) AS changes GROUP BY value) AS groups ON TRUE"
        )

    def get(self) -> Mapping[Any, int]:
        """Return the number of records with each value; without a grouping, the value is None."""
        connection = connections[self.database]
        with connection.cursor() as cursor:
            if connection.in_atomic_block or not settings.FAST_READS:
                return self.count(cursor)
            return self.update(cursor) if connection.vendor == "postgresql" else self.count_once(cursor)

    def count(self, cursor: Any) -> Mapping[Any, int]:
        """Count the records."""
        cursor.execute(self.plain_sql)
        rows = cursor.fetchall()
        return dict(rows) if self.grouping else {None: rows[0][0]}

    def count_once(self, cursor: Any) -> Mapping[Any, int]:
        """Count the records, unless nothing has been committed since the last time."""
        token = read_data_token(self.database)
        counted_at, counts = self.counted
        if token is None or token != counted_at:
            counts = self.count(cursor)
            self.counted = token, counts
        return counts

    def update(self, cursor: Any) -> Mapping[Any, int]:
        """Update the stored counts, and return them."""
        stored = self.stored
        if stored and time.monotonic() < stored.until:
            cursor.execute(self.change_sql, [stored.oldest, stored.snapshot])
            rows = cursor.fetchall()
            _value, _change, snapshot, oldest, epoch, is_standby, _is_erased = rows[0]
            if epoch == stored.epoch and not is_standby and not any(row[-1] for row in rows):
                changes = {value: change for value, change, *_rest in rows if change}
                counts = add(stored.counts, changes) if changes else stored.counts
                self.stored = StoredCounts(counts, snapshot, oldest, epoch, stored.until)
                return counts
        cursor.execute(self.count_sql)
        rows = cursor.fetchall()
        _value, _count, snapshot, oldest, epoch, is_standby, has_foreign_entries = rows[0]
        counts = {value: count for value, count, *_rest in rows if count}
        is_lasting = not (is_standby or has_foreign_entries)
        until = time.monotonic() + SECONDS
        self.stored = StoredCounts(counts, snapshot, oldest, epoch, until) if is_lasting else None
        return counts


def add(counts: Mapping[Any, int], changes: Mapping[Any, int]) -> dict[Any, int]:
    """Add changes to counts. Return the sums that aren't zero."""
    sums = {**counts, **{value: counts.get(value, 0) + change for value, change in changes.items()}}
    return {value: count for value, count in sums.items() if count}


@cache
def record_counts(
    model: type[Record], grouping: Grouping | None = None, database: str = DEFAULT_DB_ALIAS
) -> RecordCounts:
    """Return the counter of a type, which all requests share."""
    return RecordCounts(model, database, grouping)


def count_records(model: type[Record], database: str = DEFAULT_DB_ALIAS) -> int:
    """Return the number of records of a type."""
    return sum(record_counts(model, database=database).get().values())


def count_rows(rows: models.QuerySet[Any]) -> Count:
    """Return the number of rows of a list. If it is filtered, at most ``MOST`` are counted."""
    if rows.query.where:
        return count_up_to_most(first_matches(rows).count())
    model: Any = rows.model
    return Count(count_records(model, rows.db) if issubclass(model, Record) else rows.count())


def first_matches(rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Return the rows of a filtered list to count, without an order: one more than ``MOST``."""
    return rows.order_by()[: MOST + 1]


def count_up_to_most(number: int) -> Count:
    """Return the count of a list with ``number`` rows or, if that is more than ``MOST``, even more."""
    return Count(number) if number <= MOST else Count(MOST, is_exact=False)
