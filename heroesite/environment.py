"""Parsers for the environment variables that configure heroesite.

Each parser is for :mod:`environs`: it returns the value, or raises ``EnvError`` with a message that says
what is wrong and what to write instead.
"""

import ipaddress
import re
import secrets
from collections.abc import Callable, MutableMapping
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_email_url
from dotenv.parser import parse_stream
from environs import EnvError

from heroesite.database.files import create_private, create_private_folder
from heroesite.database.lock import file_lock

HOST_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*\.?", re.ASCII)
ORIGIN = re.compile(r"(https?)://(\[[^\]]*\]|[^:]*)(?::(.*))?")
DEFAULT_PORTS = {"http": "80", "https": "443"}
MIN_KEY_LENGTH = 50


def read_env_file(file: Path, variables: MutableMapping[str, str]) -> list[int]:
    """Add the variables of a ``.env`` file to ``variables``, which take precedence.

    Values are taken literally: ``$`` has no meaning. If a name occurs twice, the last line wins, as in a
    shell.

    Returns:
        the numbers of the invalid lines, which python-dotenv would only log.
    """
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    invalid_lines, values = [], {}
    for binding in parse_stream(StringIO(text)):
        line = binding.original.string.lstrip()
        if binding.key and binding.value is not None and not re.search("[\0\ufffd]", line):
            values[binding.key] = binding.value
        elif binding.key or binding.error:
            # A binding begins with the blank lines before it.
            blank = binding.original.string.removesuffix(line)
            invalid_lines.append(binding.original.line + blank.count("\n"))
    for name, value in values.items():
        variables.setdefault(name, value)
    return invalid_lines


def choice(*choices: str) -> Callable[[str], str]:
    """Return a parser that accepts only ``choices``."""

    def parse(value: str) -> str:
        if value not in choices:
            *others, last = choices
            raise EnvError(f"“{value}” isn't valid. Use {', '.join(others)} or {last}.")
        return value

    return parse


def boolean(value: str | bool) -> bool:
    """Parse true, yes, 1, false, no or 0, in any case."""
    values = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    parsed = values.get(str(value).lower())
    if parsed is None:
        raise EnvError(f"“{value}” isn't valid. Use true or false.")
    return parsed


def is_integer(text: str, minimum: int, maximum: int) -> bool:
    return re.fullmatch("[0-9]{1,9}", text) is not None and minimum <= int(text) <= maximum


def integer(minimum: int, maximum: int) -> Callable[[str], int]:
    """Return a parser for a whole number, in digits only."""

    def parse(value: str) -> int:
        if not is_integer(value, minimum, maximum):
            raise EnvError(f"“{value}” isn't valid. Use a whole number from {minimum} to {maximum}.")
        return int(value)

    return parse


def redis(value: str) -> str:
    """Parse the URL of a Redis server. Empty means that there is none."""
    if not value:
        return value
    # Importing it takes a sixth of the time in which a command starts.
    from redis.connection import parse_url  # noqa: PLC0415

    try:
        valid = bool({"host", "path"} & {*parse_url(value)})
    except ValueError:
        valid = False
    if not valid:
        raise EnvError("The URL isn't valid. Write redis://:password@host:6379/0.")
    return value


def split_list(value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]


def is_host(name: str) -> bool:
    """Return whether ``name`` is a host name, an IPv4 address, or an IPv6 address in brackets."""
    if name.startswith("[") and name.endswith("]"):
        try:
            return bool(ipaddress.IPv6Address(name[1:-1]))
        except ValueError:
            return False
    return HOST_NAME.fullmatch(name) is not None


def ports(value: str) -> list[int]:
    """Parse port numbers, separated by commas."""
    for port in split_list(value):
        if not is_integer(port, 1, 65535):
            raise EnvError(f"“{port}” isn't a port. Write numbers from 1 to 65535, separated by commas.")
    return [int(port) for port in split_list(value)]


def hosts(value: str) -> list[str]:
    """Parse host names for ``ALLOWED_HOSTS``. A leading dot includes the subdomains."""
    if not split_list(value):
        raise EnvError("The list is empty. Write the site's host names, for example www.example.org.")
    for name in split_list(value):
        if name == "*":
            raise EnvError("“*” allows every host name. Write the site's own host names.")
        if not is_host(name.lower().removeprefix(".")):
            raise EnvError(
                f"“{name}” isn't a host name. Write www.example.org, without a scheme, port or path."
            )
    return split_list(value)


def is_origin(text: str) -> bool:
    """Return whether a browser could send ``text`` as an ``Origin``: without path and default port."""
    parts = ORIGIN.fullmatch(text)
    if not parts:
        return False
    scheme, name, port = parts.groups()
    return is_host(name) and (port is None or (is_integer(port, 1, 65535) and port != DEFAULT_PORTS[scheme]))


def origins(value: str) -> list[str]:
    """Parse a list of web origins."""
    for origin in split_list(value):
        if not is_origin(origin):
            raise EnvError(
                f"“{origin}” isn't an origin. Write https://www.example.org in lower case,"
                " without a wildcard, path or default port."
            )
    return split_list(value)


def host(*, loopback_only: bool) -> Callable[[str], str]:
    """Return a parser for the address to listen on."""

    def parse(value: str) -> str:
        try:
            loopback = value == "localhost" or ipaddress.ip_address(value).is_loopback
        except ValueError:
            raise EnvError(f"“{value}” isn't valid. Use an IP address or localhost.") from None
        if loopback_only and not loopback:
            raise EnvError(
                "In development the site listens on loopback addresses only, such as 127.0.0.1."
                f" To listen on {value}, set HEROESITE_ENV=production."
            )
        return value

    return parse


def secret_key(file: Path | None) -> Callable[[str], str]:
    """Return a parser for ``SECRET_KEY``.

    Args:
        file: where a generated key is stored if none is set; ``None`` if one must be set.
    """

    def parse(value: str) -> str:
        if not value and file:
            return stored_key(file)
        if len(value) < MIN_KEY_LENGTH or len(set(value)) < 5 or value.startswith("django-insecure-"):
            raise EnvError(
                f"The key is too weak. Use at least {MIN_KEY_LENGTH} random characters, for example from"
                " python3 -c 'import secrets; print(secrets.token_urlsafe(50))'."
            )
        return value

    return parse


def stored_key(file: Path) -> str:
    """Return the key in ``file``, which is created with a new key if it doesn't exist."""
    try:
        create_private_folder(file.parent)
        if not file.exists():
            generate_key(file)
        key = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise EnvError(f"Can't store a key in {file} ({error}). Set SECRET_KEY yourself.") from None
    if len(key) < MIN_KEY_LENGTH:
        raise EnvError(f"{file} doesn't contain a complete key. Delete the file to generate a new one.")
    return key


def generate_key(file: Path) -> None:
    """Write a new key to ``file``, whole or not at all. Of several processes, the first does."""
    with file_lock(file):
        if not file.exists():
            unfinished = file.with_suffix(".new")
            unfinished.unlink(missing_ok=True)
            create_private(unfinished)
            unfinished.write_text(secrets.token_urlsafe(50))
            unfinished.rename(file)


def email(value: str) -> dict[str, Any]:
    """Parse the URL of a mail server into Django's settings.

    ``smtp://…`` or, with TLS, ``submission://…``; ``console:`` prints messages, ``dummy:`` discards them.
    """
    scheme = value.split(":", 1)[0]
    if scheme not in {"smtp", "submission", "console", "dummy"}:
        raise EnvError("The URL isn't valid. Start it with submission://, smtp://, console: or dummy:.")
    try:
        config = {**dj_email_url.parse(value)}
    except ValueError:
        raise EnvError("The URL isn't valid. Write submission://user:password@host:587.") from None
    if scheme in {"smtp", "submission"} and not urlsplit(value).hostname:
        raise EnvError(f"The URL has no host. Write {scheme}://user:password@host:587.")
    return config
