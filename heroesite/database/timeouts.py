"""A limit on how long a write waits for a lock."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connections, transaction

SECONDARY = 0.8
"""Seconds that a write beside the main one of a request may wait, so that both fit into 3 seconds."""


@contextmanager
def lock_timeout(seconds: float, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Run the block as a transaction that waits for locks at most this long.

    Raises:
        OperationalError: a lock wasn't released in time.
    """
    connection = connections[using]
    milliseconds = round(seconds * 1000)
    if connection.vendor == "postgresql":
        with transaction.atomic(using=using), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {milliseconds}")
            yield
        return
    usual = round(connection.settings_dict["OPTIONS"]["timeout"] * 1000)
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {milliseconds}")
        try:
            with transaction.atomic(using=using):
                yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")
