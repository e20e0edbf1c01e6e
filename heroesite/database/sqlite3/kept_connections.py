"""Connections that a server's threads keep between requests, until the process is idle.

Opening a connection costs more than most reads, because SQLite reads the schema. But while a process has one,
the write-ahead log beside the file can contain commits that the file lacks, and a file that replaces it would
be used with that log. So a process that hasn't used the database for a short time closes all its connections,
which writes the log to the file. Then the file can be copied, moved or replaced. If it has been replaced
sooner, the connections to the former file are closed before another request uses the database, which waits
for those that are using it, but no longer than for a lock.
"""

import atexit
import os
import sqlite3
import time
from collections.abc import Hashable
from pathlib import Path
from threading import Condition, Event, Thread, get_ident
from typing import Any, NamedTuple

from django.core.signals import request_finished, request_started
from django.db.backends.base.base import BaseDatabaseWrapper

from heroesite.database.url import WEB_TIMEOUT

IDLE_SECONDS = 0.1
"""The time after which a process that doesn't use the database closes its connections."""
OBSERVER = 0
"""The key of the connection that observes commits, which belongs to no thread."""


class Kept(NamedTuple):
    """A connection of Django or of the driver, its path, and which file that was when it was opened."""

    connection: Any
    path: Path
    identity: Any


class KeptConnections:
    """The connections of a server process.

    Attributes:
        opened: the connections, by thread.
        requests: the threads that process a request.
        using: those of them that have used the database and haven't computed their response yet. Clients that
            send or read slowly don't count.
        last_use: when the last of them had finished.
        observers: how many connections have observed commits.
    """

    def __init__(self) -> None:
        self.opened: dict[int, Kept] = {}
        self.requests: set[int] = set()
        self.using: set[int] = set()
        self.last_use = 0.0
        self.condition, self.has_opened = Condition(), Event()
        self.closer: Thread | None = None
        self.observers = 0

    def enable(self) -> None:
        """Keep the connections of this process from now on."""
        request_started.connect(self.start_request)
        request_finished.connect(self.finish_request)
        atexit.register(self.close)

    def start_request(self, **_kwargs: Any) -> None:
        self.requests.add(get_ident())

    def finish_request(self, **_kwargs: Any) -> None:
        self.requests.discard(get_ident())
        self.end_use()

    def begin_use(self) -> bool:
        """Let this thread use its connection, if it processes a request.

        Returns:
            whether this is the first use.

        Raises:
            sqlite3.OperationalError: the file has been replaced while another request was using it.
        """
        thread = get_ident()
        if thread in self.using or thread not in self.requests:
            return False
        with self.condition:
            if self.has_former_file():
                self.condition.wait_for(lambda: not (self.using and self.has_former_file()), WEB_TIMEOUT)
                self.close()
                if self.has_former_file():
                    error = sqlite3.OperationalError("A request is still using the former database file.")
                    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
                    raise error
            self.using.add(thread)
        return True

    def end_use(self) -> None:
        """Let the connection of this thread be closed."""
        with self.condition:
            if get_ident() in self.using:
                self.using.remove(get_ident())
                self.last_use = time.monotonic()
                self.condition.notify_all()

    def is_idle(self) -> bool:
        """Return whether this thread has a connection that can be closed at any time."""
        return get_ident() in self.opened and get_ident() not in self.using

    def keep(self, connection: BaseDatabaseWrapper, opened: Any) -> None:
        """Keep the connection that this thread has opened, if it processes a request of a server.

        Args:
            opened: the identity of the file before it was opened.
        """
        with self.condition:
            if get_ident() not in self.using:
                return
            connection.close_at = None
            if not connection.allow_thread_sharing:
                connection.inc_thread_sharing()  # another thread may close it
            self.add(get_ident(), Kept(connection, path_of(connection), opened))

    def add(self, key: int, kept: Kept) -> None:
        self.opened[key] = kept
        self.has_opened.set()
        if not (self.closer and self.closer.is_alive()):  # a process that was forked has none
            self.closer = Thread(target=self.close_when_idle, daemon=True)
            self.closer.start()

    def data_version(self, path: Path) -> Hashable | None:
        """Return a value that changes with each commit of any process, or None if that isn't known.

        See https://www.sqlite.org/pragma.html#pragma_data_version. The values of different connections can't
        be compared, so the result contains the number of the observing connection.

        Args:
            path: the database file.
        """
        if get_ident() not in self.requests:
            return None
        with self.condition:
            try:
                self.begin_use()
                if OBSERVER not in self.opened:
                    opened = identity(path)
                    # Not read-only: the last connection that is closed writes the log to the file.
                    address = f"{path.as_uri()}?mode=rw"
                    observer = sqlite3.connect(address, uri=True, check_same_thread=False)
                    self.observers += 1
                    self.add(OBSERVER, Kept(observer, path, opened))
                observer = self.opened[OBSERVER].connection
                [version] = observer.execute("PRAGMA data_version").fetchone()
            except sqlite3.Error:
                return None
            return self.observers, version

    def has_former_file(self) -> bool:
        """Return whether a connection is open to a file that has been moved or replaced."""
        files = {(kept.path, kept.identity) for kept in self.opened.values()}
        return any(identity(path) != opened for path, opened in files)

    def close(self) -> None:
        """Close the connections that no thread is using."""
        with self.condition:
            for key in self.opened.keys() - self.using:
                self.opened.pop(key).connection.close()

    def close_when_idle(self) -> None:
        while True:
            self.has_opened.wait()
            time.sleep(IDLE_SECONDS)
            with self.condition:
                if not self.using and time.monotonic() - self.last_use >= IDLE_SECONDS:
                    self.close()
                    self.has_opened.clear()


def path_of(connection: BaseDatabaseWrapper) -> Path:
    return Path(connection.settings_dict["NAME"])


def identity(path: Path) -> Any:
    """Return what distinguishes a file from others, or None if there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


kept_connections = KeptConnections()
