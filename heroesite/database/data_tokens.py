"""Tokens of the committed data: as long as the token is the same, so are the data.

What was computed from the data can be reused while the token is the one that was read before. On PostgreSQL,
it is the snapshot: a commit changes which transactions it includes. After a crash, snapshots repeat with
other data, so the token contains an epoch, which a crash changes. On SQLite, it is the version of the data,
which a server process observes.
"""

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models

from .sqlite3.kept_connections import kept_connections
from .statements import fetch_all

EPOCH = "pg_postmaster_start_time()::text || (SELECT stats_reset FROM pg_stat_bgwriter)"
"""SQL: what changes if PostgreSQL starts or recovers from a crash.

If a process of the server is killed, PostgreSQL recovers as it does after a crash. Its start time doesn't
change, but its statistics are reset.
"""


DATA_TOKEN = f"CASE WHEN NOT pg_is_in_recovery() THEN pg_current_snapshot()::text || {EPOCH} END"
"""SQL: the token, or NULL on a standby, whose snapshots omit running transactions."""


class DataTokenColumn(models.Func):
    """Selects the token together with other data, on PostgreSQL. On SQLite, the column is NULL."""

    template, arity = f"(SELECT {DATA_TOKEN})", 0  # a subquery is executed once, not for each row
    output_field = models.TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="NULL", **context)


def read_data_token(database: str = DEFAULT_DB_ALIAS) -> Hashable | None:
    """Return the token of the committed data, or None if it isn't known.

    It isn't known within a transaction, which sees its own changes, on a standby of PostgreSQL, and on SQLite
    outside of a server's request.
    """
    connection = connections[database]
    if connection.in_atomic_block:
        return None
    if connection.vendor == "sqlite":
        return kept_connections.data_version(Path(connection.settings_dict["NAME"]))
    [[token]] = fetch_all(connection, f"SELECT {DATA_TOKEN}")
    return token


def selected_data_token(rows: Sequence[Sequence[Any]], database: str) -> Hashable | None:
    """Return the token of the committed data, or None if it isn't known.

    Args:
        rows: rows whose last column is a :class:`DataTokenColumn`.
    """
    connection = connections[database]
    if connection.vendor != "postgresql":
        return read_data_token(database)
    return rows[0][-1] if rows and not connection.in_atomic_block else None
