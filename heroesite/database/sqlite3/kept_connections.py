"""Connections that a server's threads keep between requests, until the process is idle.

Opening a connection costs more than most reads, because SQLite reads the schema. But while a process has one,
the write-ahead log beside the file can contain commits that the file lacks, and a file that replaces it would
be used with that log. So a process that has had no request for a short time closes all its connections, which
writes the log to the file. Then the file can be copied, moved or replaced. If it has been replaced sooner,
the connections to the former file are closed before the next request is processed, which waits until the
running ones have finished, but no longer than for a lock.
"""

import atexit
import os
import sqlite3
import time
from collections.abc import Callable, Hashable
from functools import partial
from pathlib import Path
from threading import Condition, Event, Thread, get_ident
from typing import TYPE_CHECKING, Any, NamedTuple

from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from heroesite.database.url import WEB_TIMEOUT

if TYPE_CHECKING:
    from .base import DatabaseWrapper

IDLE_SECONDS = 0.1
"""The time without a request after which a process closes its connections."""
OBSERVER = 0
"""The key of the connection that observes commits, which belongs to no thread."""


class Kept(NamedTuple):
    """A connection: how to close it, the path of its file, and which file that was when it was opened."""

    close: Callable[[], None]
    path: Path
    identity: Any


class KeptConnections:
    """The connections of a server process.

    Attributes:
        opened: the connections, by thread.
        serving: the threads that process a request. Others don't use their connections.
        finished: when the last request was finished.
        observer: the connection that observes commits.
        observers: how many there have been.
    """

    def __init__(self) -> None:
        self.opened: dict[int, Kept] = {}
        self.serving: set[int] = set()
        self.finished = 0.0
        self.condition, self.has_opened = Condition(), Event()
        self.closer: Thread | None = None
        self.observer: sqlite3.Connection | None = None
        self.observers = 0

    def enable(self) -> None:
        """Keep the connections of this process from now on."""
        # Django's receiver would use a connection before the thread is known to process a request.
        request_started.disconnect(close_old_connections)
        request_started.connect(self.start_request)
        request_finished.connect(self.finish_request)
        atexit.register(self.close)

    def start_request(self, **_kwargs: Any) -> None:
        with self.condition:
            if self.has_former_file():
                self.condition.wait_for(lambda: not (self.serving and self.has_former_file()), WEB_TIMEOUT)
                if self.has_former_file():
                    self.close()
            self.serving.add(get_ident())
        close_old_connections()

    def finish_request(self, **_kwargs: Any) -> None:
        with self.condition:
            self.serving.discard(get_ident())
            self.finished = time.monotonic()
            self.condition.notify_all()

    def keep(self, wrapper: "DatabaseWrapper", opened: Any) -> None:
        """Keep the connection that this thread has opened, if it processes a request of a server.

        Args:
            opened: the identity of the file before it was opened.
        """
        with self.condition:
            if get_ident() not in self.serving:
                return
            wrapper.close_at = None
            self.add(get_ident(), Kept(partial(close, wrapper), path_of(wrapper), opened))

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
        with self.condition:
            if get_ident() not in self.serving:
                return None
            try:
                if OBSERVER not in self.opened or self.observer is None:
                    opened = identity(path)
                    # Not read-only: the last connection that is closed writes the log to the file.
                    address = f"{path.as_uri()}?mode=rw"
                    self.observer = sqlite3.connect(address, uri=True, check_same_thread=False)
                    self.observers += 1
                    self.add(OBSERVER, Kept(self.observer.close, path, opened))
                [version] = self.observer.execute("PRAGMA data_version").fetchone()
            except sqlite3.Error:
                return None
            return self.observers, version

    def has_former_file(self) -> bool:
        """Return whether a connection is open to a file that has been moved or replaced."""
        return any(identity(kept.path) != kept.identity for kept in self.opened.values())

    def close(self) -> None:
        """Close the connections of the threads that don't process a request."""
        with self.condition:
            for key in self.opened.keys() - self.serving:
                self.opened.pop(key).close()

    def close_when_idle(self) -> None:
        while True:
            self.has_opened.wait()
            time.sleep(IDLE_SECONDS)
            with self.condition:
                if not self.serving and time.monotonic() - self.finished >= IDLE_SECONDS:
                    self.close()
                    self.has_opened.clear()


def close(wrapper: "DatabaseWrapper") -> None:
    """Close the connection of another thread."""
    wrapper.inc_thread_sharing()
    wrapper.close()
    wrapper.dec_thread_sharing()


def path_of(wrapper: "DatabaseWrapper") -> Path:
    return Path(wrapper.settings_dict["NAME"])


def identity(path: Path) -> Any:
    """Return what distinguishes a file from others, or None if there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


kept_connections = KeptConnections()
