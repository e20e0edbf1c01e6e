"""Locks between processes, so that one server at a time prepares a database."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import DEFAULT_DB_ALIAS, connection, connections

KEY = int.from_bytes(b"register")
"""The key of PostgreSQL's advisory lock, which is specific to a database."""


@contextmanager
def file_lock(path: Path, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold an exclusive lock on ``<path>.lock`` while the block runs. It ends with the process as well.

    Args:
        path: what the lock protects; its folder must exist.
        on_wait: called once if another process holds the lock.

    Raises:
        OSError: the file can't be created.
    """
    # The file is never deleted: somebody could be waiting for a lock on it.
    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def preparation_lock(on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold an exclusive lock on the default database while the block runs.

    On SQLite it is a lock on a file beside the database. On PostgreSQL it is an advisory lock on its own
    connection. That lock belongs to a transaction, since behind PgBouncer a session isn't ours alone.

    Args:
        on_wait: called once if another process holds the lock.

    Raises:
        DatabaseError: the database can't be reached.
        OSError: the file can't be created.
    """
    if connection.vendor == "sqlite":
        with file_lock(Path(connection.settings_dict["NAME"]), on_wait):
            yield
        return
    lock = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        lock.set_autocommit(False)
        with lock.cursor() as cursor:
            for timeout in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
                cursor.execute(f"SET LOCAL {timeout} = 0")
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [KEY])
            if cursor.fetchone() == (False,):
                on_wait()
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [KEY])
        yield
    finally:
        lock.close()
