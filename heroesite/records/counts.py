"""The exact number of records of a type, without counting them each time.

On PostgreSQL, a count is stored with the snapshot that it belongs to. Later, the records that were created or
deleted since then are added or subtracted: those in the history entries of transactions that the stored
snapshot doesn't include. Count and snapshot are read in one statement, so they always match.

Each count also belongs to an epoch, because PostgreSQL reuses snapshots for different data after a crash. No
count is stored on a standby, whose snapshots omit running transactions, or while the history has entries of
future transactions, as after a restore from another server. Within a transaction, which sees its own entries,
the records are counted. The records are also counted once a minute, in case they were changed with SQL, and
always on other databases.
"""

import time
from functools import cache
from typing import Any, NamedTuple

from django.db import connections

from .audit.entries import Entry
from .models.base import Record

SECONDS = 60
"""How long a stored count is used."""
SNAPSHOT = """
    pg_current_snapshot()::text, pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
    pg_postmaster_start_time()::text || (SELECT stats_reset FROM pg_stat_bgwriter), pg_is_in_recovery()
"""
"""The snapshot of a statement, its oldest running transaction, the epoch, and whether this is a standby.

If a process of the server is killed, PostgreSQL recovers as from a crash: its start time stays the same, but
its statistics are reset.
"""


class StoredCount(NamedTuple):
    """A count, and the snapshot that it belongs to."""

    total: int
    snapshot: str
    oldest: int
    epoch: str
    until: float


class RecordCount:
    """Counts the records of a type."""

    def __init__(self, model: type[Record], database: str) -> None:
        history: Any = model.history.model
        self.database = database
        self.stored: StoredCount | None = None
        self.plain_sql = f"SELECT COUNT(*) FROM {model._meta.db_table}"  # noqa: S608
        self.count_sql = (
            f"SELECT COUNT(*), {SNAPSHOT},"  # noqa: S608
            f" (SELECT MAX(transaction) FROM {history._meta.db_table})"
            " >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
            f" FROM {model._meta.db_table}"
        )
        self.change_sql = (
            "SELECT COALESCE(SUM(CASE history_type WHEN %s THEN 1 WHEN %s THEN -1 ELSE 0 END), 0),"  # noqa: S608
            f" {SNAPSHOT} FROM {history._meta.db_table} WHERE transaction >= %s"
            " AND transaction < pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
            " AND NOT pg_visible_in_snapshot(transaction::text::xid8, %s::pg_snapshot)"
        )

    def get(self) -> int:
        """Return the number of records."""
        connection = connections[self.database]
        with connection.cursor() as cursor:
            if connection.vendor != "postgresql" or connection.in_atomic_block:
                cursor.execute(self.plain_sql)
                count: int = cursor.fetchone()[0]
                return count
            return self.update(cursor)

    def update(self, cursor: Any) -> int:
        """Update the stored count, and return it."""
        stored = self.stored
        if stored and time.monotonic() < stored.until:
            cursor.execute(self.change_sql, [Entry.CREATED, Entry.DELETED, stored.oldest, stored.snapshot])
            change, snapshot, oldest, epoch, is_standby = cursor.fetchone()
            if epoch == stored.epoch and not is_standby:
                self.stored = StoredCount(stored.total + int(change), snapshot, oldest, epoch, stored.until)
                return self.stored.total
        cursor.execute(self.count_sql)
        count, snapshot, oldest, epoch, is_standby, has_foreign_entries = cursor.fetchone()
        is_lasting = not (is_standby or has_foreign_entries)
        until = time.monotonic() + SECONDS
        self.stored = StoredCount(count, snapshot, oldest, epoch, until) if is_lasting else None
        return int(count)


@cache
def record_count(model: type[Record], database: str) -> RecordCount:
    """Return the counter of a type, which all lists share."""
    return RecordCount(model, database)
