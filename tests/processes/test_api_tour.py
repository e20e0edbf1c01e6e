"""The tour of the API in docs/API.md, run from top to bottom against the site."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.__main__ import ROOT

from .processes import environment, manage, serving

SNIPPET = re.compile(r"```(sh|python|js)\n(.*?)```", re.DOTALL)
FILE = re.compile(r"(?:#|//) (register\.\w+)\n")
OUTPUT = {
    "sh": (
        '"name":"Night Watch"',
        '"dry_run":true,"status":204',
        '"name":"Heron"',
        "8 heroes",
        "422",
        "HTTP/1.1 201 Created\nHTTP/1.1 201 Created\nIdempotency-Replayed: true",
        '"caught_up":false',
    ),
    "python": (
        "201 Owl of the Day Watch",
        "201 ['Martin', 'Swift']",
        "8 heroes, ",
        "/age Enter a whole number from 0 to 1,000,000.",
        "201 true Plover",
        "records",
        "forged",
    ),
    "js": (
        "201 Starlit Lark of the Dawn Watch",
        "201 [ 'Crested Wren', 'Hooded Rook' ]",
        "8 heroes, ",
        "412 The record has changed and is now at version 2.",
        "2 201 true",
        "records",
    ),
}
"""Parts of what the snippets print, in the order of the page."""


def command(language, code, folder):
    if language == "sh":
        return ["bash", "-euc", code]
    if language == "python":
        return [sys.executable, "-c", code]
    (folder / "snippet.mjs").write_text(code)
    return ["node", "snippet.mjs"]


def test_every_snippet_prints_what_it_should(register_folder):
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    snippets = SNIPPET.findall((ROOT / "docs" / "API.md").read_text())
    printed = dict.fromkeys(OUTPUT, "")
    with serving(register_folder) as (site, _printed):
        token = manage(register_folder, "issue_token", "admin").stdout.strip()
        for language, code in snippets:
            if file := FILE.match(code):
                (register_folder / file[1]).write_text(code)
                continue
            ran = subprocess.run(
                command(language, code, register_folder),
                cwd=register_folder,
                env=environment(register_folder, SITE=site, TOKEN=token),
                capture_output=True,
                text=True,
                check=False,
            )
            assert ran.returncode == 0, (code, ran.stdout, ran.stderr)
            printed[language] += ran.stdout.replace("\r", "")
    for language, expected in OUTPUT.items():
        position = 0
        for text in expected:
            assert text in printed[language][position:], (text, printed[language][position:])
            position = printed[language].index(text, position)
