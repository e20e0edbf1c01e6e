"""The processes that ``manage.py serve`` starts: watched, started anew, stopped."""

import os
import secrets
import signal
import sys
import time
from contextlib import suppress
from subprocess import Popen, TimeoutExpired

from django.conf import settings
from django.db import DatabaseError
from django.utils.translation import gettext as _

from heroesite.jobs import return_lost_jobs

PATIENCE = 30
"""Seconds that requests and jobs under way have to end in when the site stops."""
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before a worker that has died is followed by the next: twice as long each time, unless it lived
for longer than the longest."""


def start(command: list[str]) -> "Popen[bytes]":
    """Start a process in a session of its own, since a Ctrl-C is for us to pass on, once."""
    return Popen(command, start_new_session=True)  # noqa: S603  our own words


def gunicorn() -> "Popen[bytes]":
    configuration = ["--config", str(settings.BASE_DIR / "deploy" / "gunicorn.conf.py")]
    place = ["--chdir", str(settings.BASE_DIR), "--bind", f"{settings.ADDRESS}:{settings.PORT}"]
    workers = ["--workers", str(settings.WEB_CONCURRENCY)]
    return start([sys.executable, "-m", "gunicorn", *configuration, *place, *workers, "heroesite.wsgi"])


class JobWorker:
    """A worker for the jobs and, where it dies, the next, which takes over the job of the one before."""

    def __init__(self) -> None:
        self.dead: list[str] = []
        self.pause = SHORTEST_PAUSE
        self.due: float | None = None
        self.start()

    def start(self) -> None:
        self.name, self.started, self.due = secrets.token_hex(16), time.monotonic(), None
        manage = str(settings.BASE_DIR / "manage.py")
        command = [sys.executable, manage, "run_jobs", "--worker-id", self.name]
        self.process = start([*command, *(["--instead-of", *self.dead] if self.dead else [])])

    def watch(self) -> None:
        """Start the next where this one has died; to be called again and again."""
        now = time.monotonic()
        if self.due is not None:
            if now >= self.due:
                self.start()
        elif self.process.poll() is not None:
            long_lived = now - self.started > LONGEST_PAUSE
            self.pause = SHORTEST_PAUSE if long_lived else min(2 * self.pause, LONGEST_PAUSE)
            self.dead = [*([] if long_lived else self.dead), self.name]
            self.due = now + self.pause
            words = _("The worker for jobs has ended (%(how)s). The next starts in %(pause)d seconds.")
            tell(words % {"how": how_ended(self.process), "pause": self.pause})


def supervise() -> int:
    """Run gunicorn and a worker for the jobs until we are asked to stop, or gunicorn ends.

    Returns 0 where we were asked, else how gunicorn ended, as a shell tells it.
    """
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: asked.append(number))
    site, worker = gunicorn(), JobWorker()
    while not asked and site.poll() is None:
        worker.watch()
        time.sleep(0.1)
    code = site.poll()
    if code is not None:
        tell(_("gunicorn has ended (%(how)s), so the site stops.") % {"how": how_ended(site)})
    stop([site, worker.process])
    if worker.process.returncode:
        with suppress(DatabaseError):  # else the next sweep finds them
            for name in (*worker.dead, worker.name):
                return_lost_jobs(name)
    if code is None:
        return 0
    return code if code >= 0 else 128 - code


def stop(processes: list["Popen[bytes]"]) -> None:
    """Ask all to finish what they are at, and end them if they take too long."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + PATIENCE
    for process in processes:
        try:
            process.wait(max(0, deadline - time.monotonic()))
        except TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def how_ended(process: "Popen[bytes]") -> str:
    code = process.returncode
    return signal.Signals(-code).name if code < 0 else _("exit code %(code)d") % {"code": code}


def tell(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()
