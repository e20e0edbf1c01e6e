"""Requests in parallel, each in a thread."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event, Thread
from typing import Any
from unittest import mock

from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections, transaction


def keep_all(**_signal: Any) -> None:
    """Close no connection; the test client disconnects and connects this receiver instead of Django's."""


@contextmanager
def keep_connections() -> Iterator[None]:
    """Keep requests from closing connections, among them those in the transaction of the test.

    Django's test client disconnects the receiver that closes them during a request. The signals are shared by
    all threads, so the first request to finish would connect it again while others run.
    """
    signals = request_started, request_finished
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        with mock.patch("django.test.client.close_old_connections", keep_all):
            yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


def in_parallel(*requests: Callable[[], Any]) -> list[Any]:
    """Send all ``requests`` in threads that start together. Returns the responses in the same order."""
    start = Barrier(len(requests))

    def send(request: Callable[[], Any]) -> Any:
        try:
            start.wait()
            return request()
        finally:
            connections.close_all()

    with keep_connections(), ThreadPoolExecutor(len(requests)) as threads:
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
