"""Measure the memory of heroesite's workers, and how long the site takes to start."""

import statistics
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from .cases import MANY_CONNECTIONS, Round, one, patches
from .contenders import HEROESITE, Site
from .cpu import processes
from .figures import Figure
from .load import Request, send
from .measuring import Databases, report

STARTS = 5
CONNECTIONS = (256, 1000)
SHORT_RUN, LONG_RUN = 5_000, 50_000


class Memory(NamedTuple):
    """The memory of the largest worker in MiB: resident, without what it shares, and the highest so far."""

    rss: float
    pss: float
    peak: float


def memory(site: Site) -> Memory:
    workers = [pid for pid, (parent, _seconds) in processes().items() if parent == site.pid]
    return Memory(
        *(
            max(kilobytes(Path(f"/proc/{pid}/{file}"), name) for pid in workers) / 1024
            for file, name in (("smaps_rollup", "Rss"), ("smaps_rollup", "Pss"), ("status", "VmHWM"))
        )
    )


def kilobytes(file: Path, name: str) -> int:
    return next(int(line.split()[1]) for line in file.read_text().splitlines() if line.startswith(f"{name}:"))


def varied(turn: Round) -> Iterator[Request]:
    """Mix reads of the API and of pages with many different addresses, and 5% PATCH."""
    numbers, ids, changes = turn.random(), turn.ids(), patches(turn, first=100_000)
    addresses: dict[Callable[[], str], int] = {
        lambda: f"{turn.address}{next(ids)}": 60,
        lambda: f"{turn.address}?limit=10&offset={numbers.randrange(5_000)}": 15,
        lambda: f"{turn.address}?limit=10&search=er+{numbers.randrange(10**6):06}": 10,
        lambda: f"/heroes/{next(ids)}/": 8,
        lambda: f"/heroes/?offset={numbers.randrange(5_000)}": 2,
    }
    while True:
        if numbers.random() < 0.05:
            yield next(changes)
        else:
            yield Request("GET", numbers.choices([*addresses], [*addresses.values()])[0]())


def measure_memory(databases: Databases) -> list[tuple[str, Memory]]:
    """Return the memory after each part of a load that one site gets."""
    with databases.serving(HEROESITE) as site:
        turn = Round(HEROESITE, databases.heroes, 0, 0)
        send(site.address, list(islice(one(turn), 40)), site.headers(""), 8, site.pid, None)
        found = [("at the start", memory(site))]
        for connections in CONNECTIONS:
            report(f"Measuring memory with {connections:,} connections …")
            requests = MANY_CONNECTIONS.turn(turn, 3 * MANY_CONNECTIONS.size)
            send(site.address, requests, site.headers(""), connections, site.pid, None)
            found.append((f"after {connections:,} connections", memory(site)))
        requests = list(islice(varied(turn), LONG_RUN))
        for name, part in {
            f"after {SHORT_RUN:,} requests of a mix": requests[:SHORT_RUN],
            f"after {LONG_RUN:,} requests of a mix": requests[SHORT_RUN:],
        }.items():
            report(f"Measuring memory {name} …")
            send(site.address, part, site.headers("token"), 8, site.pid, None)
            found.append((name, memory(site)))
    return found


def measure_start(databases: Databases) -> float:
    """Return the median of the seconds from the start of gunicorn to the first response."""
    report("Measuring the time to the first response …")
    times = []
    for _start in range(STARTS):
        start = time.perf_counter()
        with databases.serving(HEROESITE):
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def figures(memories: list[tuple[str, Memory]], start: float) -> list[Figure]:
    found = dict(memories)
    short, long = (found[f"after {count:,} requests of a mix"] for count in (SHORT_RUN, LONG_RUN))
    return [
        Figure("time to the first response", start, "s", 1.9),
        Figure("memory of a worker at the start", found["at the start"].rss, "MiB", 110),
        Figure(
            "highest memory of a worker with 1,000 connections",
            found["after 1,000 connections"].peak,
            "MiB",
            250,
        ),
        Figure(
            f"growth of a worker between {SHORT_RUN:,} and {LONG_RUN:,} requests",
            long.pss - short.pss,
            "MiB",
            10,
        ),
    ]
