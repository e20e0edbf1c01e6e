"""Retry a write that conflicted with another one."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import wraps
from time import sleep
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, connection

from heroesite.records.audit.change_sets import atomic_change_set

P = ParamSpec("P")
R = TypeVar("R")
ATTEMPTS = 20
FIRST_PAUSE, LONGEST_PAUSE = 0.002, 0.1
"""Seconds. The limit of a pause doubles each time; together they take up to 1.5 seconds."""
SQLSTATES = {
    "0A000",  # feature_not_supported: a migration has changed a column of a prepared statement
    "23503",  # foreign_key_violation
    "23505",  # unique_violation
    "40001",  # serialization_failure
    "40P01",  # deadlock_detected
}
"""PostgreSQL's conflicts, https://www.postgresql.org/docs/current/errcodes-appendix.html."""
SQLITE_CODES = {
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
}
"""SQLite's conflicts, extended result codes, https://www.sqlite.org/rescode.html."""

_is_running: ContextVar[bool] = ContextVar("is_running", default=False)


def retry_on_conflict(write: Callable[P, R]) -> Callable[P, R]:
    """Run ``write`` in a transaction, and again if it conflicts with another write.

    Validation in the next run sees what the other write did, such as a name taken or a team deleted, and
    reports it with its usual message. While one write is retried, others succeed, so writes that
    compete for a name finish soon. A retry within a retry runs once, so that the outer one repeats all of it.

    Raises:
        DatabaseError: any other error, or the conflict of the last attempt.
    """

    def attempt(*args: P.args, **kwargs: P.kwargs) -> R:
        with atomic_change_set():
            return write(*args, **kwargs)

    @wraps(write)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if _is_running.get():
            return attempt(*args, **kwargs)
        token = _is_running.set(True)
        try:
            for pause in pauses():
                try:
                    return attempt(*args, **kwargs)
                except DatabaseError as error:
                    if not is_conflict(error):
                        raise
                if not connection.in_atomic_block:  # in which it would hold up others
                    sleep(pause)
            return attempt(*args, **kwargs)
        finally:
            _is_running.reset(token)

    return run


def is_conflict(error: DatabaseError) -> bool:
    """Return whether another write can be the cause, such as one that took the name."""
    cause = error.__cause__
    return (
        getattr(cause, "sqlstate", None) in SQLSTATES
        or getattr(cause, "sqlite_errorcode", None) in SQLITE_CODES
    )


def pauses() -> Iterator[float]:
    """Yield the seconds to wait after each attempt but the last, at random: competing writes differ."""
    for attempt in range(ATTEMPTS - 1):
        yield random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt))  # noqa: S311
