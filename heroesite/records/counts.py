"""The exact number of records of a type, without counting them each time.

On PostgreSQL, each count is stored with the snapshot in which it was read. To update it, records that have
been created since then are added, and deleted ones are subtracted. These are the history entries of
transactions that the stored snapshot doesn't include. Count and snapshot are read in one statement, so they
always match.

A stored count isn't used if the server has crashed since, because PostgreSQL then reuses snapshots for
different data (see ``epoch``). No count is stored on a standby, whose snapshots omit running transactions, or
while the history has entries of future transactions, which a restore from another server can cause. The
records are counted within a transaction, because it sees its own entries; once a minute, in case they were
changed with SQL; and for each request on other databases.
"""

import time
from functools import cache
from typing import Any, NamedTuple

from django.db import connections

from .audit.entries import Entry
from .models.base import Record

SECONDS = 60
"""The time after which a stored count is no longer used."""
SNAPSHOT = """
    pg_current_snapshot()::text, pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
    pg_postmaster_start_time()::text || (SELECT stats_reset FROM pg_stat_bgwriter), pg_is_in_recovery()
"""
"""The snapshot of a statement, its oldest running transaction, its epoch, and whether this is a standby.

If a process of the server is killed, PostgreSQL recovers as it does after a crash. Its start time doesn't
change, but its statistics are reset.
"""


class StoredCount(NamedTuple):
    """A count, and the snapshot in which it was read."""

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
