"""``python -m tests`` and ``.ci/run`` end with the sum of all results, and fail if anything failed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.__main__ import ROOT

TESTS = """
def test_that_passes():
    pass

def test_that_fails():
    assert False
"""
STEPS = ("check", "clients", "test", "test-processes", "test-pages", "messages")
IGNORED = (".git", ".venv", "var", "tests")
TOOLS = ("curl", "redis-server", "nginx", "npx", "msgfmt", "chromium")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the project without its tests, except the modules that run them."""
    shutil.copytree(ROOT, tmp_path, ignore=shutil.ignore_patterns(*IGNORED), dirs_exist_ok=True)
    for folder in ("tests", "tests/processes", "tests/browser", "tests/records"):
        (tmp_path / folder).mkdir()
    for file in ROOT.glob("tests/*.py"):
        shutil.copy(file, tmp_path / "tests")
    shutil.copy(ROOT / "tests" / "processes" / "processes.py", tmp_path / "tests" / "processes")
    return tmp_path


def run_tests(copy: Path, *arguments: str) -> tuple[int, str]:
    """Run ``python -m tests`` in the copy, in one process and with few plugins, which is quicker.

    Returns the exit code and what was printed.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "CI"))}
    plugins = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "xdist.plugin,pytest_django.plugin"}
    ran = subprocess.run(
        [sys.executable, "-m", "tests", "-n0", *arguments],
        cwd=copy,
        env=inherited | plugins,
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_the_results_on_both_databases_are_added_up(copy):
    (copy / "tests" / "records" / "test_records.py").write_text(TESTS)
    (copy / "tests" / "processes" / "test_processes.py").write_text(TESTS)
    code, printed = run_tests(copy, "tests")
    assert code == 1
    assert printed.splitlines()[-3:] == [
        "SQLite: 1 passed, 1 failed, 0 skipped",
        "PostgreSQL: 1 passed, 1 failed, 0 skipped",
        "2 passed, 2 failed, 0 skipped",
    ]


def test_tests_with_a_database_of_their_own_are_added_to_those_on_sqlite(copy):
    (copy / "tests" / "records" / "test_records.py").write_text(TESTS)
    (copy / "tests" / "processes" / "test_processes.py").write_text(TESTS)
    code, printed = run_tests(copy, "tests/records", "tests/processes")
    assert code == 1
    assert printed.splitlines()[-3:] == [
        "SQLite: 2 passed, 2 failed, 0 skipped; 2 of these run once, with a database of their own",
        "PostgreSQL: 1 passed, 1 failed, 0 skipped",
        "3 passed, 3 failed, 0 skipped",
    ]


def test_tests_with_a_database_of_their_own_run_once(copy):
    (copy / "tests" / "processes" / "test_processes.py").write_text(TESTS)
    (copy / "tests" / "browser" / "test_browser.py").write_text(TESTS)
    code, printed = run_tests(copy, "tests/processes", "tests/browser", "-k", "passes")
    assert code == 0, printed
    assert printed.splitlines()[-2:] == [
        "SQLite: 2 passed, 0 failed, 0 skipped; 2 of these run once, with a database of their own",
        "2 passed, 0 failed, 0 skipped",
    ]
    assert "no tests ran" not in printed


def run_ci(folder: Path, **steps: str) -> tuple[int, str]:
    """Run ``.ci/run`` with a Makefile in which ``steps`` run these commands and the others do nothing."""
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci")
    commands = dict.fromkeys(STEPS, "true") | {name.replace("_", "-"): line for name, line in steps.items()}
    (folder / "Makefile").write_text("".join(f"{step}:\n\t@{line}\n" for step, line in commands.items()))
    (folder / "bin").mkdir()
    for tool in TOOLS:  # so that nothing is installed
        (folder / "bin" / tool).touch(mode=0o755)
    environment = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    environment = {
        name: value for name, value in environment.items() if name not in ("MAKEFLAGS", "MAKELEVEL")
    }
    ran = subprocess.run(
        ["bash", ".ci/run"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return ran.returncode, ran.stdout


def test_ci_ends_with_the_sum_of_all_test_runs(tmp_path):
    code, printed = run_ci(
        tmp_path,
        test="echo '70 passed, 0 failed, 1 skipped'",
        test_pages="echo '8 passed, 0 failed, 0 skipped'",
        messages="echo done",
    )
    assert code == 0
    assert printed.splitlines()[-1] == "78 passed, 0 failed, 1 skipped"


@pytest.mark.parametrize("step", STEPS)
def test_ci_fails_if_a_step_fails_and_still_ends_with_the_sum(step, tmp_path):
    lines = {
        "test": "echo '70 passed, 2 failed, 1 skipped'",
        "test_pages": "echo '8 passed, 1 failed, 0 skipped'",
    }
    lines[step.replace("-", "_")] = f"{lines.get(step.replace('-', '_'), 'true')}; exit 1"
    code, printed = run_ci(tmp_path, **lines)
    assert code == 1
    assert f"Failed: make {step}" in printed
    assert printed.splitlines()[-1] == "78 passed, 3 failed, 1 skipped"
