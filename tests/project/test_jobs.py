"""``make run`` runs jobs beside the site, stops both, and lets no job get lost."""

import os
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import pytest

from .processes import manage, served, serving

PATIENCE = 60
"""Seconds after which a test gives up."""


def wait_until(condition):
    """What ``condition`` answers, as soon as that is anything."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("It did not come to pass.")


def jobs(folder, name):
    """The states of the jobs of that name, the oldest first."""
    with closing(sqlite3.connect(folder / "register.sqlite3", timeout=20)) as database:
        rows = database.execute(
            "SELECT status FROM django_tasks_database_dbtaskresult WHERE task_path LIKE ? ORDER BY run_after",
            [f"%.{name}"],
        )
        return [status for (status,) in rows]


def hold(folder):
    """Have the job ``hold`` run, and wait until it does. Returns the worker's process id."""
    code = f"from tests.project.jobs import hold; hold.enqueue({str(folder)!r})"
    ran = manage(folder, "shell", "--no-imports", "-c", code)
    assert ran.returncode == 0, ran.stderr
    return wait_until(lambda: runs(folder))[-1]


def runs(folder):
    """The processes that have begun ``hold``."""
    file = folder / "runs"
    return [int(line) for line in file.read_text().splitlines()] if file.exists() else []


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_job_runs_beside_the_site_and_asks_for_the_next(furnished):
    with serving(furnished):
        wait_until(lambda: jobs(furnished, "sweep_hourly") == ["SUCCESSFUL", "READY"])
    with serving(furnished):
        pass
    assert jobs(furnished, "sweep_hourly")[-1:] == ["READY"]
    assert jobs(furnished, "sweep_hourly").count("READY") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_the_site_lets_the_job_end(number, furnished):
    with served(furnished) as (process, _site, _printed):
        worker = hold(furnished)
        process.send_signal(number)
        (furnished / "go").touch()
        assert process.wait(PATIENCE) == 0
    assert not is_alive(worker)
    assert jobs(furnished, "hold") == ["SUCCESSFUL"]


def test_a_killed_worker_is_followed_by_one_that_takes_over_its_job(furnished):
    with served(furnished) as (process, site, _printed):
        os.kill(hold(furnished), signal.SIGKILL)
        assert "The worker for jobs has ended (SIGKILL)." in told(process, "The worker for jobs")
        (furnished / "go").touch()
        wait_until(lambda: jobs(furnished, "hold") == ["SUCCESSFUL"])
        assert process.poll() is None
        with urlopen(f"{site}/heroes/") as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    first, second = runs(furnished)
    assert first != second
    assert not is_alive(second)


def test_a_site_whose_gunicorn_is_killed_says_so_and_stops(furnished):
    with served(furnished) as (process, _site, _printed):
        os.kill(gunicorn(process.pid), signal.SIGKILL)
        assert "gunicorn has ended (SIGKILL), so the site stops." in told(process, "gunicorn has ended")
        assert process.wait(PATIENCE) == 128 + signal.SIGKILL


def told(process, start):
    """The next line of the site's output that begins so."""
    return next(line for line in process.stdout if line.startswith(start))


def gunicorn(supervisor):
    """The process id of the gunicorn that the supervisor has started."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    [found] = [pid for pid in children if b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return int(found)
