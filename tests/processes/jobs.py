"""A job that runs until a test ends it."""

import os
import time
from pathlib import Path

from django_tasks import task


@task()
def hold(folder: str) -> None:
    """Record the process id in ``runs``, then run until a file ``finish`` exists."""
    with (Path(folder) / "runs").open("a") as runs:
        runs.write(f"{os.getpid()}\n")
    while not (Path(folder) / "finish").exists():
        time.sleep(0.02)
