"""Runs gunicorn and the job worker for ``manage.py serve``, restarts them if they end, and stops them."""

import logging
import os
import secrets
import signal
import sys
import time
from contextlib import suppress
from subprocess import Popen, TimeoutExpired

from django.conf import settings
from django.db import DatabaseError

from heroesite import lifeline
from heroesite.jobs import requeue_lost_jobs

logger = logging.getLogger(__name__)

MIN_PAUSE, MAX_PAUSE = 1.0, 60.0
"""Seconds before a process that has ended is restarted: twice as long each time, unless it ran for longer
than ``MAX_PAUSE``."""
STARTUP_TIME = 10
"""Seconds in which gunicorn reports that it can't start, such as after five attempts to listen."""


class Service:
    """A process that is restarted if it ends.

    Args:
        pipe: the reading end of the pipe that ends the process with the supervisor.
    """

    name: str

    def __init__(self, pipe: int) -> None:
        self.pipe = pipe
        self.pause = MIN_PAUSE
        self.start()

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> None:
        self.started_at, self.restart_at = time.monotonic(), float("inf")
        self.process = Popen(  # noqa: S603  the command is ours
            self.command(),
            cwd=settings.BASE_DIR,
            env={**os.environ, lifeline.VARIABLE: str(self.pipe)},
            pass_fds=[self.pipe],
            # Its own process group: Ctrl-C reaches the supervisor alone, which passes it on once.
            start_new_session=True,
        )

    def watch(self) -> None:
        """Restart the process if it has ended and the pause is over. Call this repeatedly."""
        if self.restart_at < float("inf"):
            if time.monotonic() >= self.restart_at:
                self.signal_group(signal.SIGKILL)
                self.start()
        elif self.process.poll() is not None:
            self.handle_end(ran_for=time.monotonic() - self.started_at)

    def handle_end(self, ran_for: float) -> None:
        """Schedule the restart. What is left of the process group has until then to finish.

        Args:
            ran_for: seconds.
        """
        self.signal_group(signal.SIGTERM)
        self.pause = MIN_PAUSE if ran_for > MAX_PAUSE else min(2 * self.pause, MAX_PAUSE)
        self.restart_at = time.monotonic() + self.pause
        reason = describe_end(self.process)
        logger.error("%s ended (%s). Restarting it in %d s.", self.name, reason, self.pause)

    def signal_group(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


class WebServer(Service):
    """gunicorn. If it exits with an error right at the start, a restart wouldn't help: then it has failed."""

    name = "gunicorn"
    failed = False
    restarted = False

    def command(self) -> list[str]:
        configuration = ["--config", str(settings.BASE_DIR / "deploy" / "gunicorn.conf.py")]
        address = ["--bind", f"{settings.ADDRESS}:{settings.PORT}"]
        workers = ["--workers", str(settings.WEB_CONCURRENCY)]
        return [sys.executable, "-m", "gunicorn", *configuration, *address, *workers, "heroesite.wsgi"]

    def handle_end(self, ran_for: float) -> None:
        if self.process.returncode > 0 and ran_for < STARTUP_TIME and not self.restarted:
            self.failed = True
            logger.error("%s can't start (%s).", self.name, describe_end(self.process))
            return
        self.restarted = True
        super().handle_end(ran_for)


class JobWorker(Service):
    """The worker for jobs. Each has an id, by which its successor finds the job that it didn't finish."""

    name = "The job worker"

    def __init__(self, pipe: int) -> None:
        self.worker_id = ""
        self.dead_ids: list[str] = []
        super().__init__(pipe)

    def command(self) -> list[str]:
        self.worker_id = secrets.token_hex(16)
        manage = str(settings.BASE_DIR / "manage.py")
        dead = ["--dead-workers", *self.dead_ids] if self.dead_ids else []
        return [sys.executable, manage, "run_jobs", "--worker-id", self.worker_id, *dead]

    def handle_end(self, ran_for: float) -> None:
        # One that ran for long has requeued the jobs of those before it.
        earlier = [] if ran_for > MAX_PAUSE else self.dead_ids
        self.dead_ids = [*earlier, self.worker_id]
        super().handle_end(ran_for)


def supervise() -> int:
    """Run gunicorn and the job worker until SIGTERM or SIGINT, or until gunicorn fails to start.

    Returns:
        the exit code: 0, or gunicorn's.
    """
    received: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: received.append(number))
    reading_end, _writing_end = os.pipe()
    web_server, job_worker = WebServer(reading_end), JobWorker(reading_end)
    while not received and not web_server.failed:
        web_server.watch()
        job_worker.watch()
        time.sleep(0.1)
    stop([web_server.process, job_worker.process])
    if job_worker.process.returncode:
        with suppress(DatabaseError):  # else the next sweep finds them
            for worker_id in (*job_worker.dead_ids, job_worker.worker_id):
                requeue_lost_jobs(worker_id)
    return web_server.process.returncode if web_server.failed else 0


def stop(processes: list["Popen[bytes]"]) -> None:
    """Ask all processes to finish what they are doing, and kill those that take too long."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + lifeline.GRACE_PERIOD
    for process in processes:
        try:
            process.wait(max(0, deadline - time.monotonic()))
        except TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def describe_end(process: "Popen[bytes]") -> str:
    """Return how a process ended: the name of a signal, or the exit code."""
    code = process.returncode
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
