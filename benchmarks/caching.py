"""Measure visitors' requests through nginx, which stores the responses for a second."""

import json
import statistics
import subprocess
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from tests.processes.nginx import nginx

from .contenders import HEROESITE, POOL, WORKERS, Site
from .figures import Figure
from .measuring import Databases, report

SCRIPT = Path(__file__).with_name("summary.lua")
SECONDS, CONNECTIONS, MOST_ROUNDS = 2, 64, 3
OLDEST = 1000
"""The milliseconds after which a response must not be sent again."""


class CachedPage(NamedTuple):
    name: str
    path: str
    goal: int
    """The requests per second to reach."""


PAGES = [
    CachedPage("one hero", "/api/v1/heroes/77", 80_000),
    CachedPage("list of 100, count", "/api/v1/heroes/?limit=100&offset=5000", 43_000),
    CachedPage("HTML list", "/heroes/", 40_000),
    CachedPage("home", "/", 40_000),
]


class CachedTurn(NamedTuple):
    """The measurements of a page in one round.

    Attributes:
        rate: requests per second.
        p50, p99: latency in milliseconds.
        errors: responses with an error, failed connections and timeouts.
        oldest: the longest time in milliseconds for which a client received the same response.
    """

    rate: float
    p50: float
    p99: float
    errors: int
    oldest: float


def fetch(address: str, **headers: str) -> str:
    """Send a request and return the id of the request that the response was created for."""
    response = POOL.request("GET", address, headers=headers, redirect=False)
    if response.status not in {200, 401}:
        raise RuntimeError(f"{address}: {response.status}")
    return response.headers["X-Request-Id"]


def check_bypass(address: str) -> None:
    """Check that each request with a cookie or a token gets a response of its own.

    Raises:
        RuntimeError: one of them is from the cache.
    """
    for headers in ({"Cookie": "theme=dark"}, {"Authorization": "Bearer x"}):
        if len({fetch(address), *(fetch(address, **headers) for _time in range(3))}) < 4:
            raise RuntimeError(f"{address}: a request with {', '.join(headers)} was answered from the cache.")


def take_turn(address: str) -> CachedTurn:
    options = ["--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{SECONDS}s"]
    command = ["wrk", *options, "--script", str(SCRIPT), address]
    first: dict[str, float] = {}
    oldest = 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as load:
        while load.poll() is None:
            sent = time.monotonic()
            found = fetch(address)
            oldest = max(oldest, sent - first.setdefault(found, time.monotonic()))
            time.sleep(0.01)
        assert load.stdout
        result = json.loads(load.stdout.read().partition("RESULT ")[2])
    rate = result["answered"] / result["seconds"]
    return CachedTurn(rate, result["p50"], result["p99"], result["errors"], oldest * 1000)


def measure_cached(databases: Databases, rounds: int) -> dict[CachedPage, CachedTurn]:
    """Return the medians of each page; of the errors the sum, and of the ages the highest."""
    turns: dict[CachedPage, list[CachedTurn]] = defaultdict(list)
    with (
        databases.serving(HEROESITE) as site,
        tempfile.TemporaryDirectory() as folder,
        nginx(Path(folder), port_of(site), workers=WORKERS, scheme="https") as port,
    ):
        for page in PAGES:
            check_bypass(f"http://127.0.0.1:{port}{page.path}")
        for number in range(1, min(rounds, MOST_ROUNDS) + 1):
            for page in PAGES:
                report(f"Round {number}: {page.name} behind nginx")
                turns[page].append(take_turn(f"http://127.0.0.1:{port}{page.path}"))
    return {
        page: CachedTurn(
            statistics.median(turn.rate for turn in taken),
            statistics.median(turn.p50 for turn in taken),
            statistics.median(turn.p99 for turn in taken),
            sum(turn.errors for turn in taken),
            max(turn.oldest for turn in taken),
        )
        for page, taken in turns.items()
    }


def port_of(site: Site) -> int:
    return int(site.address.rpartition(":")[2])


def figures(pages: dict[CachedPage, CachedTurn]) -> list[Figure]:
    rates = [
        Figure(f"{page.name} behind nginx", turn.rate, "requests/s", page.goal, at_least=True)
        for page, turn in pages.items()
    ]
    oldest = max(turn.oldest for turn in pages.values())
    return [*rates, Figure("oldest response from nginx", oldest, "ms", OLDEST)]
