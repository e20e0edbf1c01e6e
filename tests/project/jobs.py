"""A job that tests hold up for as long as they want."""

import os
import time
from pathlib import Path

from django_tasks import task


@task()
def hold(folder: str) -> None:
    """Write down which process this is, and go on until there is a file ``go``."""
    with (Path(folder) / "runs").open("a") as runs:
        runs.write(f"{os.getpid()}\n")
    while not (Path(folder) / "go").exists():
        time.sleep(0.02)
