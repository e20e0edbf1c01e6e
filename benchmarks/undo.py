"""Measure the preview of an undo of a large import.

python -m benchmarks.undo     imports heroes into the database of DATABASE_URL and prints the change sets
"""

import json
import statistics
import subprocess
import sys
import time

from heroes.models import Hero
from heroesite.changelog.api.undo import DRY_RUN_LIMIT
from heroesite.records.audit.change_sets import (
    Source,
    atomic_change_set,
    current_change_set_id,
    new_change_set,
)

from .contenders import HEROESITE
from .figures import Figure
from .load import Request
from .measuring import Databases, report
from .postgresql import ROOT

IMPORTED = 20_000
REPEATED = 3


def import_heroes(count: int) -> int:
    """Import heroes as one change set, and return its id."""
    heroes = [
        Hero(
            name=f"Imported {count} {number}",
            secret_name="Nobody",
            age=number % 90,
            team_id=number % 1000 + 1,
        )
        for number in range(count)
    ]
    with new_change_set(Source.IMPORT), atomic_change_set():
        Hero.objects.create_all(heroes)
        return current_change_set_id()


def measure_undo(databases: Databases) -> list[Figure]:
    """Return how long the page takes, and a dry run of the API with as many records as it accepts."""
    report(f"Importing {IMPORTED:,} heroes …")
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.undo"],
        cwd=ROOT,
        env=HEROESITE.environment(databases.urls[HEROESITE]),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    large, small = json.loads(ran.stdout)
    found = []
    with databases.serving(HEROESITE) as site:
        for name, request, caller in (
            (f"page to undo {IMPORTED:,} records", Request("GET", f"/history/{large}/undo/"), "editor"),
            (
                f"dry run of an undo of {DRY_RUN_LIMIT:,} records in the API, its limit",
                Request("POST", f"/api/v1/changesets/{small}/undo?dry_run=true", "{}"),
                "token",
            ),
        ):
            times = []
            for _time in range(REPEATED):
                start = time.perf_counter()
                site.fetch(request, caller)
                times.append(time.perf_counter() - start)
            found.append(Figure(name, statistics.median(times) * 1000, "ms", 1000))
    return found


if __name__ == "__main__":
    print(json.dumps([import_heroes(count) for count in (IMPORTED, DRY_RUN_LIMIT)]))
