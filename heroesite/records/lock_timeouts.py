"""How long a transaction waits for a lock, where that is shorter than usual."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def lock_timeout(seconds: float) -> Iterator[None]:
    """Wait no longer than this for each lock within the block, which is run in a transaction on PostgreSQL.

    Raises:
        OperationalError: a lock wasn't obtained.
    """
    milliseconds = round(seconds * 1000)
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {milliseconds}")
            yield
        return
    with connection.cursor() as cursor:
        [usual] = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {milliseconds}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")
