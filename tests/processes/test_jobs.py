"""``make run`` runs jobs next to the site, stops both, and loses no job."""

import os
import re
import signal
import sqlite3
from contextlib import closing
from urllib.request import urlopen

import pytest

from .processes import PATIENCE, is_running, manage, next_line, server_process, serving, wait_until


def jobs(folder, name):
    """Return the statuses of the jobs with that name, the oldest first."""
    with closing(sqlite3.connect(folder / "register.sqlite3", timeout=20)) as database:
        rows = database.execute(
            "SELECT status FROM django_tasks_database_dbtaskresult WHERE task_path LIKE ? ORDER BY run_after",
            [f"%.{name}"],
        )
        return [status for (status,) in rows]


def start_job(folder):
    """Queue the job ``hold`` and wait until it runs. Returns the process id of its worker."""
    code = f"from tests.processes.jobs import hold; hold.enqueue({str(folder)!r})"
    ran = manage(folder, "shell", "--no-imports", "-c", code)
    assert ran.returncode == 0, ran.stderr
    return wait_until(lambda: runs(folder))[-1]


def runs(folder):
    """Return the ids of the processes that have started ``hold``."""
    file = folder / "runs"
    return [int(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_the_hourly_job_runs_next_to_the_site_and_schedules_the_next_one(register_folder):
    with serving(register_folder):
        # The last two: the folder may have been prepared in an earlier hour.
        wait_until(lambda: jobs(register_folder, "sweep_hourly")[-2:] == ["SUCCESSFUL", "READY"])
    with serving(register_folder):
        pass
    assert jobs(register_folder, "sweep_hourly")[-1:] == ["READY"]
    assert jobs(register_folder, "sweep_hourly").count("READY") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_job_finishes_if_the_site_is_stopped(number, register_folder):
    with server_process(register_folder) as (process, _site, _printed):
        worker = start_job(register_folder)
        process.send_signal(number)
        (register_folder / "finish").touch()
        assert process.wait(PATIENCE) == 0
    assert not is_running(worker)
    assert jobs(register_folder, "hold") == ["SUCCESSFUL"]


def test_a_job_finishes_if_the_site_is_killed(register_folder):
    with server_process(register_folder) as (process, _site, _printed):
        worker = start_job(register_folder)
        process.kill()
        process.wait()
        (register_folder / "finish").touch()
        wait_until(lambda: not is_running(worker))
    assert jobs(register_folder, "hold") == ["SUCCESSFUL"]


def test_a_killed_worker_is_replaced_and_its_job_runs_again(register_folder):
    with server_process(register_folder) as (process, site, _printed):
        os.kill(start_job(register_folder), signal.SIGKILL)
        line = next_line(process, "job worker")
        assert re.search(r"The job worker ended \(SIGKILL\)\. Restarting it in [12] s\.$", line)
        (register_folder / "finish").touch()
        wait_until(lambda: jobs(register_folder, "hold") == ["SUCCESSFUL"])
        assert process.poll() is None
        with urlopen(f"{site}/heroes/") as response:
            assert response.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    first, second = runs(register_folder)
    assert first != second
    assert not is_running(second)
