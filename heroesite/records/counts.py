"""Count the records of a type, in total or by value, without reading all of them each time.

On PostgreSQL, the counts are stored with the snapshot in which they were read. They are updated from later
history entries: those of transactions that the stored snapshot doesn't include. Counts and snapshot are read
in one statement, so they always match.

A stored count isn't used if the server has crashed since, because PostgreSQL then reuses snapshots for
different data (see ``epoch``). No count is stored on a standby, whose snapshots omit running transactions, or
while the history has entries of transactions that are running or to come, which a restore from another server
can cause. The records are counted within a transaction, because it sees its own entries, and once a minute,
in case they were changed with SQL.

On SQLite, the records are counted again when something has been committed, as are tables without a history on
both databases.
"""

import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.utils.formats import localize
from django.utils.translation import gettext

from heroesite.database.data_tokens import EPOCH, read_data_token

from .audit.entries import Entry
from .models.base import Record

T = TypeVar("T")

MOST = 10_000
"""The most rows of a filtered list that are counted, unless the exact count is requested."""
SECONDS = 60
"""The time after which a stored count is no longer used."""
SIGN = f"CASE entry.history_type WHEN '{Entry.CREATED}' THEN 1 WHEN '{Entry.DELETED}' THEN -1 ELSE 0 END"
"""SQL: 1 if an entry adds a record, -1 if it removes one, and 0 if it changes one."""
IS_CHANGE = "(previous.id IS NOT NULL)::integer"
"""SQL: 1 if an entry changes a record, and 0 if it adds or removes one."""
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


Counts = list[dict[Any, int]]
"""The number of records with each value, for each grouping."""


class StoredCounts(NamedTuple):
    """Counts, and the snapshot in which they were read."""

    counts: Counts
    snapshot: str
    oldest: int
    epoch: str
    until: float


class LastCount:
    """The last count of a table, which is valid until something is committed."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.counted: tuple[Hashable | None, Any] = (None, None)

    def get(self, count: Callable[[], T]) -> T:
        """Return the last count if it is valid, and otherwise the result of ``count``."""
        token = read_data_token(self.database)
        counted_at, result = self.counted
        if token is None or token != counted_at:
            result = count()
            self.counted = token, result
        return cast(T, result)


class RecordCounts:
    """Counts the records of a type.

    Args:
        groupings: the values to count the records by, or nothing to count all of them.
    """

    def __init__(self, model: type[Record], database: str, groupings: Sequence[Grouping] = ()) -> None:
        self.database, self.groupings = database, groupings
        self.stored: StoredCounts | None = None
        self.last = LastCount(database)
        table, history = model._meta.db_table, model.history.model._meta.db_table
        numbers = range(len(groupings))
        if groupings:
            self.plain_sql = counts = " UNION ALL ".join(
                f"SELECT {number} AS number, {self.value(number, table)} AS value, COUNT(*) AS count"  # noqa: S608
                f" FROM {table} GROUP BY 2"
                for number in numbers
            )
            changes = [
                f"({number}, {self.value(number, 'entry')}, {SIGN} + {IS_CHANGE})" for number in numbers
            ]
            changes += [f"({number}, {self.value(number, 'previous')}, -{IS_CHANGE})" for number in numbers]
            entries = (
                f"{history} AS entry LEFT JOIN {history} AS previous"
                f" ON entry.history_type = '{Entry.CHANGED}'"
                " AND previous.id = entry.id AND previous.version = entry.version - 1"
            )
            is_erased = "entry.erased::text <> '[]' OR previous.erased::text <> '[]'"
        else:
            self.plain_sql = f"SELECT COUNT(*) FROM {table}"  # noqa: S608  SQLite counts fast only like this
            counts = f"SELECT 0 AS number, NULL AS value, COUNT(*) AS count FROM {table}"  # noqa: S608
            changes = [f"(0, NULL, {SIGN})"]
            entries, is_erased = f"{history} AS entry", "FALSE"
        self.count_sql = (
            f"SELECT number, value, count, {SNAPSHOT},"  # noqa: S608
            f" EXISTS (SELECT FROM {history}"
            " WHERE transaction >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
            " AND NOT pg_visible_in_snapshot(transaction::text::xid8, pg_current_snapshot()))"
            f" FROM (SELECT) AS one LEFT JOIN ({counts}) AS counts ON TRUE"
        )
        self.change_sql = (
            f"SELECT number, value, count, {SNAPSHOT}, is_erased"  # noqa: S608
            " FROM (SELECT) AS one LEFT JOIN (SELECT number, value, SUM(sign)::bigint AS count,"
            f" BOOL_OR({is_erased}) AS is_erased FROM {entries}"
            f" CROSS JOIN LATERAL (VALUES {', '.join(changes)}) AS change (number, value, sign)"
            " WHERE entry.transaction >= %s"
            " AND entry.transaction < pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
            " AND NOT pg_visible_in_snapshot(entry.transaction::text::xid8, %s::pg_snapshot)"
            " GROUP BY 1, 2) AS changes ON TRUE"
        )

    def value(self, number: int, table: str) -> str:
        """Return the SQL of the value of a grouping in a row of ``table``."""
        column, sql = self.groupings[number]
        return sql.format(f"{table}.{connections[self.database].ops.quote_name(column)}")

    def get(self) -> Counts:
        """Return the number of records with each value; without a grouping, the value is None."""
        connection = connections[self.database]
        with connection.cursor() as cursor:
            if connection.in_atomic_block or not settings.FAST_READS:
                return self.count(cursor)
            if connection.vendor == "postgresql":
                return self.update(cursor)
            return self.last.get(lambda: self.count(cursor))

    def count(self, cursor: Any) -> Counts:
        """Count the records."""
        cursor.execute(self.plain_sql)
        rows = cursor.fetchall()
        return self.add([], rows if self.groupings else [(0, None, *row) for row in rows])

    def update(self, cursor: Any) -> Counts:
        """Update the stored counts, and return them."""
        stored = self.stored
        if stored and time.monotonic() < stored.until:
            cursor.execute(self.change_sql, [stored.oldest, stored.snapshot])
            rows = cursor.fetchall()
            *_change, snapshot, oldest, epoch, is_standby, _is_erased = rows[0]
            if epoch == stored.epoch and not is_standby and not any(row[-1] for row in rows):
                counts = self.add(stored.counts, rows)
                self.stored = StoredCounts(counts, snapshot, oldest, epoch, stored.until)
                return counts
        cursor.execute(self.count_sql)
        rows = cursor.fetchall()
        *_count, snapshot, oldest, epoch, is_standby, has_foreign_entries = rows[0]
        counts = self.add([], rows)
        is_lasting = not (is_standby or has_foreign_entries)
        until = time.monotonic() + SECONDS
        self.stored = StoredCounts(counts, snapshot, oldest, epoch, until) if is_lasting else None
        return counts

    def add(self, counts: Counts, rows: Iterable[Sequence[Any]]) -> Counts:
        """Return the sum of counts and changes.

        Args:
            counts: empty if there are none yet.
            rows: each starts with the number of a grouping, a value and the change of its count.
        """
        changes = [(number, value, change) for number, value, change, *_rest in rows if change]
        if counts and not changes:
            return counts
        sums = [dict(each) for each in counts or ([{}] * (len(self.groupings) or 1))]
        for number, value, change in changes:
            sums[number][value] = sums[number].get(value, 0) + change
        return [{value: count for value, count in each.items() if count} for each in sums]


@cache
def record_counts(
    model: type[Record], groupings: tuple[Grouping, ...] = (), database: str = DEFAULT_DB_ALIAS
) -> RecordCounts:
    """Return the counter of a type, which all requests share."""
    return RecordCounts(model, database, groupings)


def count_records(model: type[Record], database: str = DEFAULT_DB_ALIAS) -> int:
    """Return the number of records of a type."""
    [counts] = record_counts(model, database=database).get()
    return counts.get(None, 0)


def count_rows(rows: models.QuerySet[Any]) -> Count:
    """Return the number of rows of a list. If it is filtered, at most ``MOST`` are counted."""
    if rows.query.where:
        return count_up_to_most(first_matches(rows).count())
    model: Any = rows.model
    if issubclass(model, Record):
        return Count(count_records(model, rows.db))
    count = model._base_manager.using(rows.db).count
    return Count(last_count(model, rows.db).get(count) if settings.FAST_READS else count())


@cache
def last_count(model: type[models.Model], database: str) -> LastCount:
    """Return the last count of a table, which all requests share."""
    return LastCount(database)


def first_matches(rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Return the rows of a filtered list to count, without an order: one more than ``MOST``."""
    return rows.order_by()[: MOST + 1]


def count_up_to_most(number: int) -> Count:
    """Return the count of a list with ``number`` rows or, if that is more than ``MOST``, even more."""
    return Count(number) if number <= MOST else Count(MOST, is_exact=False)
