"""Ends the processes that the supervisor started if it is killed and can't stop them itself.

The processes inherit the reading end of a pipe. Only the supervisor has the writing end, so the operating
system closes the pipe when the supervisor ends, however it ends.
"""

import os
import signal
import time
from threading import Thread

VARIABLE = "HEROESITE_LIFELINE"
"""The environment variable with the file descriptor of the reading end."""
GRACE_PERIOD = 30
"""Seconds in which running requests and jobs can finish when the site stops."""


def end_with_supervisor() -> None:
    """End this process and its process group if the supervisor ends.

    Does nothing in a process that no supervisor started.
    """
    if descriptor := os.environ.get(VARIABLE):
        Thread(target=wait_and_end, args=[int(descriptor)], daemon=True).start()


def wait_and_end(descriptor: int) -> None:
    os.read(descriptor, 1)  # returns when the pipe is closed
    # The whole group, which the supervisor gave to each process that it started: of gunicorn, this may be
    # any worker, and the master may have been killed too.
    os.killpg(os.getpgrp(), signal.SIGTERM)
    time.sleep(GRACE_PERIOD)
    os.killpg(os.getpgrp(), signal.SIGKILL)
