"""The tour of the API in docs/API.md, run from top to bottom against the site."""

import re
import subprocess
import sys

from tests.__main__ import ROOT

from .processes import environment, manage, serving

SNIPPET = re.compile(r"```(sh|python)\n(.*?)```", re.DOTALL)


def test_every_snippet_does_what_it_says(tmp_path):
    snippets = SNIPPET.findall((ROOT / "docs" / "API.md").read_text())
    assert len(snippets) >= 8
    told = {}
    with serving(tmp_path) as (site, _printed):
        token = manage(tmp_path, "issue_token", "admin").stdout.strip()
        for language, code in snippets:
            command = ["bash", "-euc", code] if language == "sh" else [sys.executable, "-c", code]
            ran = subprocess.run(
                command,
                cwd=ROOT,
                env=environment(tmp_path, SITE=site, TOKEN=token),
                capture_output=True,
                text=True,
                check=False,
            )
            assert ran.returncode == 0, (code, ran.stderr)
            assert '"status":4' not in ran.stdout.replace('"status":409', ""), (code, ran.stdout)
            told[code] = ran.stdout
    everything = "\n".join(told.values())
    for words in (
        '"name":"Night Watch"',
        '"dry_run":true,"status":204',
        "201 None Lamplighter",
        "201 true Lamplighter",
        "412 The record has been changed since: it is at version 2.",
        "75 records",
    ):
        assert words in everything, words
