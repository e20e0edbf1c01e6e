"""The parser for ``DATABASE_URL``: where the database is, and how long a process waits for it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import dj_database_url
import psycopg
from environs import EnvError
from psycopg.conninfo import make_conninfo

WEB_TIMEOUT = 2
"""Seconds that a request waits for a lock, a connection or the network, so that it is answered within 3."""
COMMAND_TIMEOUT = 20
"""Seconds that a command or a job waits for a lock."""


def database(base: Path, *, web: bool) -> Callable[[str], dict[str, Any]]:
    """Return a parser for ``sqlite:///path`` and ``postgresql://…`` into an entry of ``DATABASES``.

    Args:
        base: the folder that a relative path starts from.
        web: whether the process handles requests, instead of running a command or jobs.
    """

    def parse(value: str) -> dict[str, Any]:
        scheme = value.split(":", 1)[0]
        if scheme not in {"sqlite", "postgresql", "postgres"}:
            raise EnvError("The URL isn't valid. Start it with postgresql:// or sqlite:///.")
        try:
            config: dict[str, Any] = {**dj_database_url.parse(value)}
        except (ValueError, dj_database_url.ParseError):
            raise EnvError("The URL isn't valid. Write postgresql://user:password@host:5432/name.") from None
        if config["NAME"] == ":memory:":
            raise EnvError("Processes can't share a database in memory. Write sqlite:///path.")
        if "\0" in config["NAME"]:
            raise EnvError("The database's name contains a NUL character (%00). Remove it.")
        if not config["NAME"]:
            raise EnvError("The URL doesn't name a database. Add its name after the last slash.")
        options = config.get("OPTIONS", {})
        if scheme == "sqlite" and config["HOST"]:
            raise EnvError(
                "An SQLite URL has no host. Write sqlite:///path, or sqlite:////path for an absolute path."
            )
        if scheme == "sqlite":
            return {**config, **sqlite(base, config["NAME"], options, web=web)}
        return {**config, **postgresql(options, web=web)}

    return parse


def sqlite(base: Path, name: str, options: dict[str, Any], *, web: bool) -> dict[str, Any]:
    """Return the part of an entry of ``DATABASES`` that is specific to SQLite.

    Args:
        options: those from the URL, which take precedence.
    """
    try:
        django_options = {"transaction_mode", "init_command"}
        driver_options = {key: options[key] for key in options.keys() - django_options}
        with closing(sqlite3.connect(":memory:", **driver_options)):
            pass
    except (TypeError, ValueError) as error:
        raise EnvError(f"SQLite doesn't accept the options after “?”: {error}. Fix or remove them.") from None
    return {
        "ENGINE": "heroesite.database.sqlite3",
        "NAME": base / name,
        "CONN_MAX_AGE": 0,  # servers keep connections; see heroesite.database.sqlite3.kept_connections
        "TEST": {"NAME": base / "var" / "test.sqlite3"},
        # IMMEDIATE: a writer waits for another and then goes on. FULL: a commit survives a power cut.
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": WEB_TIMEOUT if web else COMMAND_TIMEOUT,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            **options,
        },
    }


def postgresql(options: dict[str, Any], *, web: bool) -> dict[str, Any]:
    """Return the part of an entry of ``DATABASES`` that is specific to PostgreSQL.

    Args:
        options: those from the URL, which take precedence.
    """
    try:
        make_conninfo("", **options)
    except psycopg.ProgrammingError as error:
        reason = str(error).strip().splitlines()[0]
        raise EnvError(
            f"PostgreSQL doesn't accept the options after “?”: {reason}. Fix or remove them."
        ) from None
    # A dead network is noticed by the operating system: new connections time out, what was sent has to be
    # acknowledged, and a silent connection is probed every second.
    network = {
        "connect_timeout": WEB_TIMEOUT,
        "tcp_user_timeout": WEB_TIMEOUT * 1000,
        "keepalives_idle": 1,
        "keepalives_interval": 1,
    }
    timeouts = f"lock_timeout={COMMAND_TIMEOUT}s"  # no statement_timeout: migrations can take long
    if web:
        timeouts = f"lock_timeout={WEB_TIMEOUT}s -c statement_timeout=30s"
    return {
        "ENGINE": "heroesite.database.postgresql",
        "CONN_MAX_AGE": None,  # one connection per thread
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**network, "options": f"-c {timeouts}", **options},
    }
