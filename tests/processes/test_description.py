"""Schemathesis generates valid and invalid requests from the OpenAPI description."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.__main__ import ROOT

from .processes import manage, serving

CONFIGURATION = Path(__file__).parent / "schemathesis.toml"
CASES = [("administrator", "SQLite", "3"), ("visitor", "SQLite", "3"), ("administrator", "PostgreSQL", "1")]
"""Users, databases, and the number of requests for each operation and phase; ``make fuzz`` sends more."""


@pytest.mark.parametrize(("who", "empty_database", "examples"), CASES, indirect=["empty_database"])
def test_the_site_conforms_to_the_description(who, empty_database, examples, tmp_path):
    with serving(tmp_path, DATABASE_URL=empty_database) as (site, _printed):
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "run"]
        description = tmp_path / "schema.json"
        with urlopen(f"{site}/api/schema/") as response:  # schemathesis itself gives up after 10 seconds
            description.write_bytes(response.read())
        command += [str(description), "--url", site, "--checks", "all", "--max-examples"]
        command += [os.environ.get("FUZZ_EXAMPLES", examples)]
        command += ["--no-color", "--generation-database", "none"]
        if "FUZZ_EXAMPLES" not in os.environ:
            command += ["--seed", "1"]  # the same requests each time; ``make fuzz`` sends others
        if who == "administrator":
            token = manage(tmp_path, "issue_token", "admin", DATABASE_URL=empty_database).stdout.strip()
            command += ["--header", f"Authorization: Bearer {token}"]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    print(ran.stdout)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    assert re.search(r"Tested: 26\b", ran.stdout)
