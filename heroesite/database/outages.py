"""Database outages: it is busy, unreachable, read-only or full, which is no error of the client or the code.

Each is a 503 or a 507 at every interface. :func:`outage_of` is the one place that recognizes them.
"""

import sqlite3
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any

import psycopg
from django.utils.translation import gettext_lazy as _

RETRY_AFTER = 5
"""Seconds after which a client should try again."""


class State(Enum):
    """What is wrong with the database, and what to tell the client."""

    BUSY = _("The database is busy. Try again in a few seconds.")
    UNREACHABLE = _("The database isn't available. Try again in a few seconds.")
    READ_ONLY = _("The database is read-only at the moment. Try again later.")
    FULL = _("There is no space left to save changes. Ask an administrator to free some.")


@dataclass(frozen=True)
class Outage:
    """A database that can't do what a request needs.

    Args:
        reason: the driver's own message, for the log.
    """

    state: State
    reason: str

    @property
    def status(self) -> int:
        full = self.state is State.FULL
        return HTTPStatus.INSUFFICIENT_STORAGE if full else HTTPStatus.SERVICE_UNAVAILABLE

    @property
    def message(self) -> str:
        return str(self.state.value)

    @property
    def retry_after(self) -> int | None:
        """Seconds, unless waiting doesn't help."""
        return None if self.state is State.FULL else RETRY_AFTER


# SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html
SQLSTATES = {
    "25006": State.READ_ONLY,  # read_only_sql_transaction
    "40001": State.BUSY,  # serialization_failure
    "40P01": State.BUSY,  # deadlock_detected
    "42P01": State.UNREACHABLE,  # undefined_table: not migrated, or not our database
    "53100": State.FULL,  # disk_full
    "55P03": State.BUSY,  # lock_not_available
    "57014": State.BUSY,  # query_canceled: the statement timeout
}
SQLSTATE_CLASSES = {
    "08": State.UNREACHABLE,  # connection exception
    "53": State.UNREACHABLE,  # insufficient resources: connections, memory
    "57": State.UNREACHABLE,  # operator intervention: shutdown, crash, starting up
    "58": State.UNREACHABLE,  # system error: input, output
}
STOPPED = {"FATAL", "PANIC"}
"""Severities after which there is no connection any more, whatever the SQLSTATE. PostgreSQL panics when the
volume of its write-ahead log is full, with the SQLSTATE of a full disk, and is back when it has space."""

# Primary result codes, https://www.sqlite.org/rescode.html
RESULT_CODES = {
    sqlite3.SQLITE_BUSY: State.BUSY,
    sqlite3.SQLITE_LOCKED: State.BUSY,
    sqlite3.SQLITE_READONLY: State.READ_ONLY,
    sqlite3.SQLITE_IOERR: State.UNREACHABLE,
    sqlite3.SQLITE_FULL: State.FULL,
    sqlite3.SQLITE_CANTOPEN: State.UNREACHABLE,
    sqlite3.SQLITE_PROTOCOL: State.UNREACHABLE,
}


def outage_of(error: BaseException | None) -> Outage | None:
    """Return the outage that an exception or one of its causes reports, or None for any other error."""
    while error is not None:
        state = state_of(error)
        if state:
            lines = str(error).strip().splitlines() or [""]
            return Outage(state, f"{type(error).__name__}: {lines[0]}")
        error = error.__cause__
    return None


def is_unreachable(error: BaseException | None) -> bool:
    """Return whether an exception reports that another query would fail as well, after as long a wait."""
    outage = outage_of(error)
    return outage is not None and outage.state is State.UNREACHABLE


def state_of(error: BaseException) -> State | None:
    if isinstance(error, psycopg.Error):
        return state_of_postgresql(error)
    if isinstance(error, sqlite3.Error):
        return state_of_sqlite(error)
    return None


def state_of_postgresql(error: psycopg.Error) -> State | None:
    """Return the state by the SQLSTATE, which errors of the connection and of its pool don't have."""
    stopped = error.diag.severity_nonlocalized in STOPPED
    if stopped or (error.sqlstate is None and isinstance(error, psycopg.OperationalError)):
        return State.UNREACHABLE
    sqlstate = error.sqlstate or ""
    return SQLSTATES.get(sqlstate) or SQLSTATE_CLASSES.get(sqlstate[:2])


def state_of_sqlite(error: sqlite3.Error) -> State | None:
    """Return the state by the result code, of which errors by Python's own module have none."""
    code: Any = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    if code == sqlite3.SQLITE_ERROR and str(error).startswith("no such table"):
        return State.UNREACHABLE  # SQLite creates a file that was moved away, and it is empty
    return RESULT_CODES.get(code & 0xFF)
