"""What the variables of the environment may be: each kind of value is read, and refused in words.

The parsers are for :mod:`environs`; each raises ``EnvError`` with the fault and the mend.
"""

import ipaddress
import os
import re
import secrets
import sqlite3
from collections.abc import Callable, MutableMapping
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import dj_email_url
import psycopg
from dotenv.parser import parse_stream
from environs import EnvError
from psycopg.conninfo import make_conninfo
from redis.connection import parse_url

HOST_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*\.?", re.ASCII)
ORIGIN = re.compile(r"(https?)://(\[[^\]]*\]|[^:]*)(?::(.*))?")
USUAL_PORTS = {"http": "80", "https": "443"}


def read_file(file: Path, variables: MutableMapping[str, str]) -> list[int]:
    """Add what a ``.env`` file says to ``variables``, which come first, and as it is, ``$`` and all.

    Returns the numbers of the lines that cannot be read, which python-dotenv would only log.
    """
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    unreadable, told = [], {}
    for binding in parse_stream(StringIO(text)):
        line = binding.original.string.lstrip()
        if binding.key and binding.value is not None and not re.search("[\0\ufffd]", line):
            told[binding.key] = binding.value  # the last of two is meant, as in a shell
        elif binding.key or binding.error:
            # A binding begins with the blank lines before it.
            blank = binding.original.string.removesuffix(line)
            unreadable.append(binding.original.line + blank.count("\n"))
    for name, value in told.items():
        variables.setdefault(name, value)
    return unreadable


def one_of(*choices: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value not in choices:
            raise EnvError(f"“{value}” is none of {', '.join(choices)}.")
        return value

    return check


def yes_or_no(value: str | bool) -> bool:
    answers = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    answer = answers.get(str(value).lower())
    if answer is None:
        raise EnvError(f"“{value}” is neither true nor false.")
    return answer


def is_whole_number(text: str, smallest: int, largest: int) -> bool:
    return re.fullmatch("[0-9]{1,9}", text) is not None and smallest <= int(text) <= largest


def whole_number(smallest: int, largest: int) -> Callable[[str], int]:
    def check(value: str) -> int:
        if not is_whole_number(value, smallest, largest):
            raise EnvError(f"“{value}” is not a whole number from {smallest} to {largest}.")
        return int(value)

    return check


def redis(value: str) -> str:
    """The address of a Redis; empty for none."""
    try:
        known = not value or bool({"host", "path"} & {*parse_url(value)})
    except ValueError:
        known = False
    if not known:
        raise EnvError("it is not an address like redis://:password@host:6379/0.")
    return value


def names(value: str) -> list[str]:
    return [name.strip() for name in value.split(",") if name.strip()]


def is_host(name: str) -> bool:
    """Whether ``name`` is a host name, an IPv4 address, or an IPv6 address in brackets."""
    if name.startswith("[") and name.endswith("]"):
        try:
            return bool(ipaddress.IPv6Address(name[1:-1]))
        except ValueError:
            return False
    return HOST_NAME.fullmatch(name) is not None


def ports(value: str) -> list[int]:
    """Port numbers, with commas between them."""
    for port in names(value):
        if not is_whole_number(port, 1, 65535):
            raise EnvError(f"“{port}” is not a port number from 1 to 65535.")
    return [int(port) for port in names(value)]


def hosts(value: str) -> list[str]:
    """Host names for Django's ``ALLOWED_HOSTS``; one that begins with a dot means its subdomains too."""
    if not names(value):
        raise EnvError("it is empty; list the names by which the site is reached.")
    for name in names(value):
        if name == "*":
            raise EnvError("“*” lets anyone name the site; list its own names.")
        if not is_host(name.lower().removeprefix(".")):
            raise EnvError(f"“{name}” is not a host name like heroes.example.org: no scheme, port or path.")
    return names(value)


def is_origin(text: str) -> bool:
    """Whether a browser sends ``text`` as an origin: scheme, host, a port only where it is not the usual."""
    parts = ORIGIN.fullmatch(text)
    if not parts:
        return False
    scheme, name, port = parts.groups()
    return is_host(name) and (
        port is None or (is_whole_number(port, 1, 65535) and port != USUAL_PORTS[scheme])
    )


def origins(value: str) -> list[str]:
    for origin in names(value):
        if not is_origin(origin):
            raise EnvError(
                f"“{origin}” is not an origin like https://heroes.example.org:"
                " in lower case, without wildcard, path or usual port."
            )
    return names(value)


def host(*, on_laptop: bool) -> Callable[[str], str]:
    """The address to listen on: a laptop listens to itself only."""

    def check(value: str) -> str:
        try:
            loopback = value == "localhost" or ipaddress.ip_address(value).is_loopback
        except ValueError:
            raise EnvError(f"“{value}” is not an IP address or localhost.") from None
        if on_laptop and not loopback:
            raise EnvError(f"a laptop listens on 127.0.0.1 only; for {value} set HEROESITE_ENV=production.")
        return value

    return check


def secret(kept: Path | None) -> Callable[[str], str]:
    """``SECRET_KEY``.

    Args:
        kept: where a laptop keeps the one that it makes by itself, once, if none is given.
    """

    def check(value: str) -> str:
        if not value and kept:
            try:
                kept.parent.mkdir(exist_ok=True)
                if not kept.exists():
                    fresh = kept.with_suffix(f".{os.getpid()}")
                    fresh.touch(0o600)
                    fresh.write_text(secrets.token_urlsafe(50))
                    fresh.rename(kept)
                made = kept.read_text()
            except (OSError, UnicodeDecodeError) as error:
                raise EnvError(f"one cannot be kept in {kept} ({error}); set it yourself.") from None
            if len(made) < 50:
                raise EnvError(f"{kept} holds no whole key; delete the file, and a new one is made.")
            return made
        if len(value) < 50 or len(set(value)) < 5 or value.startswith("django-insecure-"):
            raise EnvError(
                "it needs 50 random characters or more; "
                "python3 -c 'import secrets; print(secrets.token_urlsafe(50))' makes some."
            )
        return value

    return check


def database(base: Path) -> Callable[[str], dict[str, Any]]:
    """``sqlite:///path`` or ``postgresql://…``.

    Args:
        base: where a relative path starts.
    """

    def check(value: str) -> dict[str, Any]:
        scheme = value.split(":", 1)[0]
        if scheme not in {"sqlite", "postgresql", "postgres"}:
            raise EnvError("it must start with postgresql:// or sqlite:///.")
        try:
            config: dict[str, Any] = {**dj_database_url.parse(value)}
        except (ValueError, dj_database_url.ParseError):
            raise EnvError("it cannot be read; write postgresql://user:password@host:5432/name.") from None
        if config["NAME"] == ":memory:":
            raise EnvError("a register in memory is not shared by processes; write sqlite:///path.")
        if "\0" in config["NAME"]:
            raise EnvError("it holds a NUL character (%00). Remove it.")
        if not config["NAME"]:
            raise EnvError("it names no database; write one after the last slash.")
        given = config.get("OPTIONS", {})
        if scheme == "sqlite" and config["HOST"]:
            raise EnvError("SQLite has no host; write sqlite:///path, or sqlite:////path from the root.")
        if scheme == "sqlite":
            return {**config, **sqlite(base, config["NAME"], given)}
        return {**config, **postgresql(given)}

    return check


def sqlite(base: Path, name: str, given: dict[str, Any]) -> dict[str, Any]:
    try:
        of_django = {"transaction_mode", "init_command"}
        with closing(sqlite3.connect(":memory:", **{key: given[key] for key in given.keys() - of_django})):
            pass
    except (TypeError, ValueError) as error:
        raise EnvError(f"SQLite takes no such option after the “?”: {error}. Mend or remove it.") from None
    return {
        "NAME": base / name,
        "TEST": {"NAME": base / "var" / "test.sqlite3"},
        # Two processes write without "database is locked"; FULL outlives a power cut.
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            **given,
        },
    }


def postgresql(given: dict[str, Any]) -> dict[str, Any]:
    try:
        make_conninfo("", **given)
    except psycopg.ProgrammingError as error:
        reason = str(error).strip().splitlines()[0]
        raise EnvError(
            f"PostgreSQL takes no such option after the “?”: {reason}. Mend or remove it."
        ) from None
    # The pool with health checks rides out a restart of PostgreSQL; the time limits make an answer out of
    # what would be a hang: a dead network, a locked table.
    return {
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "pool": {"min_size": 1, "max_size": 8, "timeout": 10},
            "connect_timeout": 2,
            "tcp_user_timeout": 3000,
            "keepalives_idle": 5,
            "options": "-c lock_timeout=10s -c statement_timeout=30s",
            **given,
        },
    }


def email(value: str) -> dict[str, Any]:
    """``smtp://…`` or, with TLS, ``submission://…``; ``console:`` prints, ``dummy:`` sends none."""
    scheme = value.split(":", 1)[0]
    if scheme not in {"smtp", "submission", "console", "dummy"}:
        raise EnvError("it must start with submission://, smtp://, console: or dummy:.")
    try:
        config = {**dj_email_url.parse(value)}
    except ValueError:
        raise EnvError("it cannot be read; write submission://user:password@host:587.") from None
    if scheme in {"smtp", "submission"} and not urlsplit(value).hostname:
        raise EnvError(f"it names no host; write {scheme}://user:password@host:587.")
    return config
