"""Run a benchmark on a new SQLite file and on a temporary PostgreSQL, each in a separate process."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.__main__ import postgresql


def on_both(module: str) -> None:
    """Run ``python -m <module> measure`` with each DATABASE_URL."""
    with tempfile.TemporaryDirectory() as folder, postgresql() as url:
        for database in (f"sqlite:///{Path(folder)}/bench.sqlite3", url):
            command = [sys.executable, "-m", module, "measure"]
            subprocess.run(command, env={**os.environ, "DATABASE_URL": database}, check=True)
