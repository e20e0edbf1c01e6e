"""Measure the API: items per second in bulk, and pages of a long list by offset and by cursor.

    python -m benchmarks.api             on a new SQLite file and a temporary PostgreSQL
    python -m benchmarks.api measure     on the database of DATABASE_URL, which it fills

Times are wall-clock times of one request after the other, including PostgreSQL, without a network.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, setup_test_environment

from heroes.models import Hero
from heroesite.api.models import ApiToken

from .databases import on_both

ROUNDS, ITEMS, ROWS = 5, 1000, 20_000


class Caller:
    """A program that sends requests with a token."""

    def __init__(self, user: User) -> None:
        _token, text = ApiToken.objects.issue(user)
        self.client = Client(headers={"Authorization": f"Bearer {text}"})

    def send(self, method: str, address: str, body: Any = None) -> Any:
        sent: dict[str, Any] = (
            {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
        )
        response = self.client.generic(method, address, **sent)
        assert response.status_code < 300, response.content[:500]
        return response.json() if response.content else None


def seconds(run: Callable[[], Any]) -> tuple[Any, float]:
    """Return the result of ``run`` and the seconds that it takes."""
    start = time.perf_counter()
    return run(), time.perf_counter() - start


def bulk(caller: Caller) -> None:
    """Print the items per second, and the queries of one request."""
    times: dict[str, list[float]] = {"POST": [], "PATCH": [], "DELETE": []}
    queries: dict[str, int] = {}
    for number in range(ROUNDS):
        items = [{"name": f"Bulk {number} {n}", "secret_name": "Nobody", "age": n} for n in range(ITEMS)]
        for method in times:
            with CaptureQueriesContext(connection) as captured:
                connection.force_debug_cursor = number == 0
                response, duration = seconds(partial(caller.send, method, "/api/v1/heroes/bulk/", items))
            times[method].append(duration)
            queries.setdefault(method, len(captured))
            if response:
                keys = [{"id": row["id"], "version": row["version"]} for row in response["results"]]
                items = keys if method == "PATCH" else [key | {"age": 7} for key in keys]
    for method, durations in times.items():
        rate = ITEMS / statistics.median(durations)
        print(f"  {method:<7} {rate:8,.0f} items/s, {queries[method]} queries for {ITEMS:,}")


def pages(caller: Caller) -> None:
    """Print the milliseconds of a page of 100 at the start and at the end of the list."""
    heroes = [Hero(name=f"Row {number:06}", secret_name="Nobody", age=number % 90) for number in range(ROWS)]
    Hero.objects.create_all(heroes)
    end, address = "", "/api/v1/heroes/?cursor=*&fields=id"
    while address:
        end, address = address, caller.send("GET", address)["next"]
    for name, address in {
        "offset, first page": "/api/v1/heroes/",
        "offset, last page": f"/api/v1/heroes/?offset={ROWS - 100}",
        "cursor, first page": "/api/v1/heroes/?cursor=*",
        "cursor, last page": end.replace("&fields=id", "").replace("fields=id&", ""),
    }.items():
        times = [seconds(partial(caller.send, "GET", address))[1] for _round in range(4 * ROUNDS)]
        print(f"  {name:<20} {statistics.median(times) * 1000:6.1f} ms")


def measure() -> None:
    setup_test_environment()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    caller = Caller(User.objects.create_superuser("bench", "bench@example.org", "not used"))
    print(f"{connection.display_name}, median of {ROUNDS} rounds; {ROWS:,} rows in the list")
    bulk(caller)
    pages(caller)


if __name__ == "__main__":
    if "measure" in sys.argv:
        measure()
    else:
        on_both("benchmarks.api")
