"""The client that openapi-python-client makes out of the description works against the site."""

import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

from tests.__main__ import ROOT

from .processes import environment, manage, serving

SCRIPT = Path(__file__).parent / "round_trip.py"


def run(*command, **settings):
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, **settings)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_a_generated_client_makes_the_round_trip(furnished):
    with serving(furnished) as (site, _printed):
        with urlopen(f"{site}/api/schema/") as answer:
            (furnished / "schema.json").write_bytes(answer.read())
        generate = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]
        place = [
            "--path",
            str(furnished / "schema.json"),
            "--output-path",
            str(furnished / "register_client"),
        ]
        run(*generate, *place)
        token = manage(furnished, "issue_token", "admin").stdout.strip()
        environ = environment(furnished, PYTHONPATH=str(furnished))
        assert run(sys.executable, str(SCRIPT), site, token, env=environ) == "round trip done\n"
