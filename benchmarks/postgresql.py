"""Run a temporary PostgreSQL server from Debian's packages, with default settings."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "bench"
"""The folder for everything that a benchmark installs or writes, except ``docs/PERFORMANCE.md``."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class PostgreSQL:
    """A running server.

    Attributes:
        pid: the parent of the server's other processes.
    """

    port: int
    pid: int

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(self.url(database), autocommit=True)

    def create(self, database: str, template: str = "template0") -> None:
        with self.connect() as connection:
            connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')

    def settle(self, database: str) -> None:
        """Vacuum, analyze and write a checkpoint now, so that this doesn't happen during a measurement."""
        with self.connect(database) as connection:
            connection.execute("VACUUM (ANALYZE)")
            connection.execute("CHECKPOINT")

    @property
    def version(self) -> str:
        with self.connect() as connection:
            row: Any = connection.execute("SHOW server_version").fetchone()
        return str(row[0])


def binaries() -> Path:
    """Return the folder with the programs of the newest version."""
    return max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4])).parent


def account() -> dict[str, Any]:
    """Return the user that runs the server, because PostgreSQL refuses to run as root."""
    return {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}


@contextmanager
def data_folder() -> Iterator[Path]:
    """Create a folder for the server's data in ``var/bench``.

    If the server's user can't open ``var/bench``, the folder is created in the system's temporary folder.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    check = subprocess.run(["test", "-x", FOLDER], cwd="/", check=False, **account())
    folder = Path(tempfile.mkdtemp(prefix="postgresql-", dir=None if check.returncode else FOLDER))
    try:
        if account():
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """Run a server while the block runs, and delete its data afterwards."""
    with data_folder() as folder, (FOLDER / "postgresql.log").open("w") as log:
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        run: dict[str, Any] = {"cwd": folder, "stdout": log, "stderr": log, **account()}
        subprocess.run([binaries() / "initdb", "-D", folder, *options], check=True, **run)
        port = free_port()
        address = ["-h", "127.0.0.1", "-p", str(port), "-k", ""]
        process = subprocess.Popen([binaries() / "postgres", "-D", folder, *address], **run)
        server = PostgreSQL(port, process.pid)
        try:
            wait_for(server)
            yield server
        finally:
            process.send_signal(2)  # a fast shutdown, which ends connections
            process.wait()


def wait_for(server: PostgreSQL) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            return server.connect().close()
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
