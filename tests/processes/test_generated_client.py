"""The client that openapi-python-client generates from the description works against the site."""

import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

from tests.__main__ import ROOT

from .processes import environment, manage, serving

SCRIPT = Path(__file__).parent / "round_trip.py"


def run(*command, **settings):
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, **settings)
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


def test_a_generated_client_works(register_folder):
    with serving(register_folder) as (site, _printed):
        with urlopen(f"{site}/api/schema/") as response:
            (register_folder / "schema.json").write_bytes(response.read())
        generate = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]
        paths = [
            "--path",
            str(register_folder / "schema.json"),
            "--output-path",
            str(register_folder / "register_client"),
        ]
        run(*generate, *paths)
        token = manage(register_folder, "issue_token", "admin").stdout.strip()
        environ = environment(register_folder, PYTHONPATH=str(register_folder))
        assert run(sys.executable, str(SCRIPT), site, token, env=environ) == "round trip done\n"
