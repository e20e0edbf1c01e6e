"""Run ``manage.py`` in separate processes, with their own environment."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from tests.__main__ import ROOT, SETTINGS

PRODUCTION = {
    "HEROESITE_ENV": "production",
    "SECRET_KEY": "".join(chr(97 + n % 26) for n in range(50)),
    "DATABASE_URL": "postgresql://register@127.0.0.1:1/register",
    "ALLOWED_HOSTS": "heroes.example.org",
    "EMAIL_URL": "dummy:",
}
RESERVED = re.compile(r"(HEROESITE_.*|DJANGO_.*|HOST|PORT|DATABASE_URL|VERDICTS|PYTEST_.*)")

PATIENCE = 240
"""Seconds after which a test gives up."""
T = TypeVar("T")


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Return this process's variables without heroesite's, plus those of a development site.

    Args:
        folder: where the SQLite database is.
        settings: more variables.
    """
    inherited = {
        name: text for name, text in os.environ.items() if name not in SETTINGS and not RESERVED.match(name)
    }
    site = {
        "SECRET_KEY": SETTINGS["SECRET_KEY"],
        "DATABASE_URL": f"sqlite:///{folder}/register.sqlite3",
        "WEB_CONCURRENCY": "1",
        "LOG_LEVEL": "WARNING",  # so that the output fits in the pipe, which isn't read all the time
    }
    return {**inherited, **site, **settings}


def manage(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run ``manage.py`` until it ends."""
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
    """Run ``manage.py serve`` while the block runs. Yields the site's address and the printed lines."""
    with server_process(folder, **settings) as (_process, site, printed):
        yield site, printed


@contextmanager
def server_process(folder: Path, **settings: str) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """Run ``manage.py serve`` like :func:`serving`. Yields the process too."""
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
        # "Docs:", or "Listening:" in production, is the last line. gunicorn listens a moment later.
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
    """Wait until something listens on the port, while the process runs."""
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            continue
    raise AssertionError("The server ended.")


def wait_until(condition: Callable[[], T]) -> T:
    """Return the first true value of ``condition``."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("The condition is still false.")


def next_line(process: subprocess.Popen[str], text: str) -> str:
    """Return the next printed line that contains ``text``."""
    assert process.stdout is not None
    return next(line.rstrip() for line in process.stdout if text in line)


def is_running(process_id: int) -> bool:
    """Return whether a process exists and hasn't ended, as a zombie has that waits for its parent."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(process_id: int) -> list[int]:
    """Return the ids of the processes that a process has started."""
    return [int(pid) for pid in Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()]


def gunicorn(server: subprocess.Popen[str]) -> tuple[int, list[int]]:
    """Return the process ids of gunicorn's master and of its workers. :func:`server_process` starts them."""
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children(server.pid)}
    [master] = [pid for pid, command in commands.items() if b"gunicorn" in command]
    return master, children(master)
