"""Requests that arrive at the same time."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event, Thread
from typing import Any
from unittest import mock

from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections, transaction


def close_none(**_signal: Any) -> None:
    """What the test client disconnects and connects instead."""


@contextmanager
def connections_kept() -> Iterator[None]:
    """No request closes a connection that is within a test's transaction.

    Django's test client takes the receiver that does so from signals that all threads share, and puts it back
    when its own request is over, be another thread's under way or not.
    """
    signals = request_started, request_finished
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        with mock.patch("django.test.client.close_old_connections", close_none):
            yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


def at_once(*requests: Callable[[], Any]) -> list[Any]:
    """Send all ``requests`` in threads that start together. Returns their answers, in order."""
    start = Barrier(len(requests))

    def send(request: Callable[[], Any]) -> Any:
        try:
            start.wait()
            return request()
        finally:
            connections.close_all()

    with connections_kept(), ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(send, requests))


@contextmanager
def holding_locks(records: Any) -> Iterator[None]:
    """Lock ``records`` in another connection, as a long write does: on SQLite, the whole database."""
    locked, finished = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                list(records.select_for_update())
                locked.set()
                finished.wait(60)
        finally:
            connections.close_all()

    thread = Thread(target=hold)
    thread.start()
    try:
        assert locked.wait(60)
        yield
    finally:
        finished.set()
        thread.join()
