"""Schemathesis generates valid and invalid requests from the OpenAPI description."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import psycopg
import pytest

from tests.__main__ import ROOT
from tests.project.processes import manage, serving

CONFIGURATION = Path(__file__).parent / "schemathesis.toml"
ON_POSTGRESQL = os.environ.get("DATABASE_URL", "").startswith("postgres")
EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "1" if ON_POSTGRESQL else "3")
"""Requests for each operation and phase; ``make fuzz`` sets more."""


@contextmanager
def database(name):
    """Yield the settings of an empty database of the type that is tested."""
    url = os.environ["DATABASE_URL"]
    if not ON_POSTGRESQL:
        yield {}
        return
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield {"DATABASE_URL": urlsplit(url)._replace(path=f"/{name}").geturl()}
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("who", ["administrator"] if ON_POSTGRESQL else ["administrator", "visitor"])
def test_the_site_conforms_to_the_description(who, register_folder):
    with (
        database(f"described_{who}_{os.getpid()}") as where,
        serving(register_folder, **where) as (site, _printed),
    ):
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "run"]
        description = register_folder / "schema.json"
        with urlopen(f"{site}/api/schema/") as response:  # schemathesis itself gives up after 10 seconds
            description.write_bytes(response.read())
        command += [str(description), "--url", site, "--checks", "all", "--max-examples", EXAMPLES]
        command += ["--no-color", "--generation-database", "none"]
        if "FUZZ_EXAMPLES" not in os.environ:
            command += ["--seed", "1"]  # the same requests each time; ``make fuzz`` sends others
        if who == "administrator":
            token = manage(register_folder, "issue_token", "admin", **where).stdout.strip()
            command += ["--header", f"Authorization: Bearer {token}"]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    print(ran.stdout)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    assert re.search(r"Tested: 26\b", ran.stdout)
