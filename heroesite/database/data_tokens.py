"""Tokens of the committed data: as long as the token is the same, so are the data.

What was computed from the data can be reused while the token is the one that was read before. On PostgreSQL,
it is the snapshot: a commit changes which transactions it includes. After a crash, snapshots repeat with
other data, so the token contains an epoch, which a crash changes. On SQLite, it is the version of the data,
which a server process observes.
"""

from collections.abc import Hashable
from pathlib import Path

from django.db import DEFAULT_DB_ALIAS, connections

from .sqlite3.kept_connections import kept_connections
from .statements import preparing_cursor

EPOCH = "pg_postmaster_start_time()::text || (SELECT stats_reset FROM pg_stat_bgwriter)"
"""SQL: what changes if PostgreSQL starts or recovers from a crash.

If a process of the server is killed, PostgreSQL recovers as it does after a crash. Its start time doesn't
change, but its statistics are reset.
"""


def read_data_token(database: str = DEFAULT_DB_ALIAS) -> Hashable | None:
    """Return the token of the committed data, or None if it isn't known.

    It isn't known within a transaction, which sees its own changes; on a standby of PostgreSQL, whose
    snapshots omit running transactions; and on SQLite outside of a server's request.
    """
    connection = connections[database]
    if connection.in_atomic_block:
        return None
    if connection.vendor == "sqlite":
        return kept_connections.data_version(Path(connection.settings_dict["NAME"]))
    with preparing_cursor(connection) as cursor:
        cursor.execute(f"SELECT pg_current_snapshot()::text, {EPOCH}, pg_is_in_recovery()")
        snapshot, epoch, is_standby = cursor.fetchone()
    return None if is_standby else (snapshot, epoch)
