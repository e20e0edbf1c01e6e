"""Measure what history and versions cost per write: CPU and queries, with and without them.

    python -m benchmarks.history             on a new SQLite file and a temporary PostgreSQL
    python -m benchmarks.history measure     on the database of DATABASE_URL, which it fills

The write runs alternately with and without them, that is without entry, change set and check of the version.
Times are the CPU time of this process, which includes SQLite but not PostgreSQL.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext, setup_test_environment

from heroes.models import Hero
from heroesite.api.models import ApiToken
from heroesite.records.models import base as records

from .databases import on_both

ROUNDS, WRITES = 15, 40


@contextmanager
def without_history() -> Iterator[None]:
    """Save records with Django's own ``save``, without history and versions."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(records, "note"))
        stack.enter_context(mock.patch.object(records.Record, "save", models.Model.save))
        yield


def time_of(write: Callable[[], Any]) -> float:
    """Return the CPU milliseconds of one write."""
    start = time.process_time()
    for _write in range(WRITES):
        write()
    return (time.process_time() - start) / WRITES * 1000


def queries_of(write: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as queries:
        write()
    return len(queries)


def compare(name: str, write: Callable[[], Any]) -> None:
    """Print what ``write`` costs with and without history."""
    write()
    with_history, without = [], []
    for _round in range(ROUNDS):
        with_history.append(time_of(write))
        with without_history():
            without.append(time_of(write))
    queries = queries_of(write)
    with without_history():
        fewer = queries_of(write)
    full, plain = statistics.median(with_history), statistics.median(without)
    print(
        f"  {name:<28} {plain:6.2f} ms {fewer:3d} queries without; {full:6.2f} ms {queries:3d} queries with"
        f" history; {full / plain:4.2f} times the CPU"
    )


def measure() -> None:
    setup_test_environment()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    user = User.objects.create_superuser("bench", "bench@example.org", "not used")
    _token, text = ApiToken.objects.issue(user)
    heroes = [Hero(name=f"Hero {number}", secret_name="Nobody", age=1) for number in range(1000)]
    Hero.objects.create_all(heroes)
    hero = heroes[0]
    client = Client(headers={"Authorization": f"Bearer {text}"})
    ages = iter(range(2, 1_000_000))

    def save() -> None:
        hero.age = next(ages)
        hero.save()

    def patch() -> None:
        body = f'{{"age": {next(ages)}}}'
        response = client.patch(f"/api/v1/heroes/{heroes[1].pk}", body, content_type="application/json")
        assert response.status_code == 200, response.content

    def create() -> None:
        body = f'{{"name": "New {next(ages)}", "secret_name": "Nobody"}}'
        response = client.post("/api/v1/heroes/", body, content_type="application/json")
        assert response.status_code == 201, response.content

    print(f"{connection.display_name}, median of {ROUNDS} rounds of {WRITES} writes")
    compare("save() in a transaction", save)
    compare("PATCH at the API", patch)
    compare("POST at the API", create)


def main() -> None:
    if "measure" in sys.argv:
        measure()
        return
    on_both("benchmarks.history")


if __name__ == "__main__":
    main()
