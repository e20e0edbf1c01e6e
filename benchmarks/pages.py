"""Measure the pages of a large register: 100,000 heroes in 500 teams.

    python -m benchmarks.pages             on a new SQLite file and a temporary PostgreSQL
    python -m benchmarks.pages measure     on the database of DATABASE_URL, which it fills

Times are wall-clock times of one request after the other, without a network. Sizes are those of
compressed pages.
"""

import statistics
import sys
import time

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import setup_test_environment

from heroes.models import Hero
from teams.models import Team

from .databases import on_both

HEROES, TEAMS, ROUNDS = 100_000, 500, 7
PAGES = [
    "/",
    "/heroes/",
    "/heroes/?search=owl+99",
    "/heroes/?ordering=-age",
    "/heroes/?team=250",
    f"/heroes/?offset={HEROES - 100}",
    "/heroes/50000/",
    "/heroes/50000/edit/",
    "/teams/",
    "/teams/250/",
    "/search/?search=owl+99",
    "/history/",
]


def fill() -> None:
    Team.objects.create_all(
        [Team(name=f"Team {n:03}", headquarters=f"{n} Harbour Road") for n in range(TEAMS)]
    )
    teams = list(Team.objects.all())
    for start in range(0, HEROES, 10_000):
        Hero.objects.create_all(
            [
                Hero(
                    name=f"Owl {number:06}",
                    secret_name="Nobody",
                    age=number % 110 if number % 5 else None,
                    team=teams[number * 7 % TEAMS] if number % 9 else None,
                )
                for number in range(start, start + 10_000)
            ]
        )


def time_and_size(client: Client, address: str) -> tuple[float, int]:
    """Return the median of the seconds that a page takes, and its size in bytes."""
    times, headers = [], {"Accept-Encoding": "gzip"}
    response = client.get(address, headers=headers)
    assert response.status_code == 200, address
    for _round in range(ROUNDS):
        start = time.perf_counter()
        client.get(address, headers=headers)
        times.append(time.perf_counter() - start)
    return statistics.median(times), len(response.content)


def measure() -> None:
    setup_test_environment()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    fill()
    administrator = Client()
    administrator.force_login(User.objects.create_superuser("bench", "bench@example.org", "not used"))
    print(f"{connection.display_name}, {HEROES:,} heroes, {TEAMS} teams, median of {ROUNDS}")
    for who, client in (("visitor", Client()), ("administrator", administrator)):
        for address in PAGES:
            if who == "visitor" and address.endswith("edit/"):
                continue
            seconds, size = time_and_size(client, address)
            print(f"  {who:<14} {address:<26} {seconds * 1000:7.1f} ms {size / 1000:7.1f} kB")


if __name__ == "__main__":
    if "measure" in sys.argv:
        measure()
    else:
        on_both("benchmarks.pages")
