"""Requests that arrive at the same time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connections


def at_once(*requests: Callable[[], Any]) -> list[Any]:
    """Send all ``requests`` in threads that start together. Returns their answers, in order."""
    start = Barrier(len(requests))

    def send(request: Callable[[], Any]) -> Any:
        try:
            start.wait()
            return request()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(send, requests))
