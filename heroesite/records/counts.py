"""The exact number of records of a type, without counting them each time.

PostgreSQL: a count is kept with the snapshot at which it was right. Later, the records that the history has
added and removed since are added to it: the entries of transactions that the kept snapshot doesn't see. Both
are read in one statement, and so at one snapshot.

After a crash, snapshots are reused for different data, so a kept count belongs to an epoch. None is kept on a
standby, whose snapshots omit running transactions, nor while the history has entries of a transaction that is
yet to come, as after a restore from another server; nor is one used within a transaction, which sees its own
entries.
Once a minute the records are counted anyway, in case they were changed by SQL. On other databases
they are always counted.
"""

import time
from typing import Any, NamedTuple

from django.db import connections

from .audit.entries import Entry
from .models.base import Record

SECONDS = 60
"""How long a kept count is used."""
SNAPSHOT = """
    pg_current_snapshot()::text, pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
    pg_postmaster_start_time()::text || (SELECT stats_reset FROM pg_stat_bgwriter), pg_is_in_recovery()
"""
"""The snapshot of a statement, its oldest running transaction, the epoch, and whether this is a standby.

If a process of the server is killed, PostgreSQL recovers as from a crash: its start time stays the same, but
its statistics are reset.
"""


class KeptCount(NamedTuple):
    """A count that was right at a snapshot."""

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
        self.kept: KeptCount | None = None
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
        """Update the kept count, and return it."""
        kept = self.kept
        if kept and time.monotonic() < kept.until:
            cursor.execute(self.change_sql, [Entry.CREATED, Entry.DELETED, kept.oldest, kept.snapshot])
            change, snapshot, oldest, epoch, is_standby = cursor.fetchone()
            if epoch == kept.epoch and not is_standby:
                self.kept = KeptCount(kept.total + int(change), snapshot, oldest, epoch, kept.until)
                return self.kept.total
        cursor.execute(self.count_sql)
        count, snapshot, oldest, epoch, is_standby, has_foreign_entries = cursor.fetchone()
        is_lasting = not (is_standby or has_foreign_entries)
        until = time.monotonic() + SECONDS
        self.kept = KeptCount(count, snapshot, oldest, epoch, until) if is_lasting else None
        return int(count)
