"""The site in processes of its own, with an environment of its own."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.__main__ import ROOT, SETTINGS

PRODUCTION = {
    "HEROESITE_ENV": "production",
    "SECRET_KEY": "".join(chr(97 + n % 26) for n in range(50)),
    "DATABASE_URL": "postgresql://register@127.0.0.1:1/register",
    "ALLOWED_HOSTS": "heroes.example.org",
    "EMAIL_URL": "dummy:",
}
OURS = re.compile(r"(HEROESITE_ENV|DJANGO_.*|HOST|PORT|DATABASE_URL|VERDICTS|PYTEST_.*)")


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """The variables of this process without the site's, then a laptop with its register in ``folder``."""
    foreign = {
        name: text for name, text in os.environ.items() if name not in SETTINGS and not OURS.match(name)
    }
    own = {
        "SECRET_KEY": SETTINGS["SECRET_KEY"],
        "DATABASE_URL": f"sqlite:///{folder}/register.sqlite3",
        "WEB_CONCURRENCY": "1",
    }
    return {**foreign, **own, **settings}


def manage(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run ``manage.py`` to its end."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(folder, **settings),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[tuple[str, list[str]]]:
    """``manage.py serve`` for as long as the block runs. Yields the site's address and what was printed."""
    with served(folder, **settings) as (_process, site, printed):
        yield site, printed


@contextmanager
def served(folder: Path, **settings: str) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """As :func:`serving`. Yields the process as well."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env=environment(folder, PORT=str(port), **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    printed = []
    try:
        # "Docs:", or "Listening:" in production, is the last line. The address listens from a
        # moment later on, and connections wait for it.
        for line in process.stdout:
            printed.append(line.rstrip())
            if line.startswith(("Docs:", "Listening:")):
                break
        else:
            raise AssertionError("\n".join(printed))
        wait_for(port, process)
        yield process, f"http://127.0.0.1:{port}", printed
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def wait_for(port: int, process: subprocess.Popen[str]) -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            continue
    raise AssertionError("The server ended.")
