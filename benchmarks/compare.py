"""Compare heroesite with its peers, and measure heroesite alone against its goals.

    python -m benchmarks.compare           writes docs/PERFORMANCE.md
    python -m benchmarks.compare quick     runs a few cases against two peers and prints the results

The environment variables ROUNDS and HEROES set the number of rounds and of heroes.
"""

import os
import signal
import sys
import tempfile
from pathlib import Path

from . import caching, processes
from .cases import COMPARED, ON_SQLITE, OWN_PAGES, QUICK
from .contenders import ALL, ASYNCPG, HEROESITE, SQLMODEL, install_peers
from .growth import growth_figures, measure_reads
from .measuring import count_round_trips, fill_postgresql, fill_sqlite_files, measure, report, sized
from .postgresql import FOLDER, ROOT, postgresql
from .programs import install_programs
from .report import case_figures, document, table
from .undo import measure_undo

SIZES = (10_000, 100_000, 1_000_000)
"""Numbers of heroes for which growth is measured."""


def quick(heroes: int, rounds: int) -> None:
    cases = sized(QUICK, heroes, rounds)
    with postgresql() as server:
        databases = fill_postgresql(server, [HEROESITE, SQLMODEL, ASYNCPG], heroes)
        turns = measure(databases, cases, rounds)
        trips = count_round_trips(databases, cases, rounds + 1)
    print(table(turns, trips))


def complete(heroes: int, rounds: int) -> None:
    cases = sized([*COMPARED, *OWN_PAGES], heroes, rounds)
    with postgresql() as server:
        databases = fill_postgresql(server, ALL, heroes)
        turns = measure(databases, cases, rounds)
        trips = count_round_trips(databases, cases, rounds + 1)
        growth = {}
        for size in SIZES:
            filled = databases if size == heroes else fill_postgresql(server, [HEROESITE], size)
            report(f"Measuring reads of {size:,} heroes …")
            growth[size] = measure_reads(filled)
        cached = caching.measure_cached(databases, rounds)
        memory, start = processes.measure_memory(databases), processes.measure_start(databases)
        figures = [
            *case_figures(turns, ""),
            *caching.figures(cached),
            *processes.figures(memory, start),
            *growth_figures(growth),
            *measure_undo(databases),
        ]
        version = server.version
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        files = fill_sqlite_files(Path(folder), [HEROESITE, SQLMODEL], heroes)
        on_sqlite = measure(files, ON_SQLITE, rounds)
    figures += case_figures(on_sqlite, " on SQLite")
    text = document(heroes, rounds, version, turns, trips, on_sqlite, growth, cached, memory, figures)
    (ROOT / "docs" / "PERFORMANCE.md").write_text(text)
    print(text)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_arguments: sys.exit("Terminated."))  # so that servers are stopped
    is_quick = "quick" in sys.argv
    install_programs("wrk", "postgresql", *([] if is_quick else ["nginx"]))
    FOLDER.mkdir(parents=True, exist_ok=True)
    install_peers()
    heroes, rounds = (
        int(os.environ.get("HEROES", "100000")),
        int(os.environ.get("ROUNDS", "2" if is_quick else "5")),
    )
    if heroes < 10_000 or not 1 <= rounds <= 40:
        sys.exit("HEROES must be at least 10000, and ROUNDS from 1 to 40.")
    (quick if is_quick else complete)(heroes, rounds)


if __name__ == "__main__":
    main()
