"""Gunicorn's settings in development and production. The command line adds the address and the workers."""

import os
from collections import Counter
from concurrent.futures import thread
from typing import Any

from heroesite.lifeline import GRACE_PERIOD, end_with_supervisor

worker_class = "gthread"
threads = 4
timeout = 30
graceful_timeout = GRACE_PERIOD
keepalive = 5
limit_request_line = 8190
secure_scheme_headers: dict[str, str] = {}  # Django reads X-Forwarded-Proto, if TRUSTED_PROXIES allows it
forwarder_headers = ""  # a client can't set the path that the site is mounted at
control_socket_disable = True
accesslog = None
loglevel = "warning"
preload_app = False

available_cpus = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()  # Linux has it

# CPython before 3.13 allocates the frames of calls in chunks of 16 KiB, and frees a chunk as soon as a call
# has returned from it. A loop that happens to run at the end of a chunk allocates one with each call, which
# doubled the time for a list in the admin. A large first frame makes the first chunk of each thread large
# enough. See https://github.com/python/cpython/issues/142183.
thread._worker.__code__ = thread._worker.__code__.replace(co_stacksize=17_000)


def pre_fork(arbiter: Any, worker: Any) -> None:
    """Choose the CPU of a worker, if each CPU that the site can use gets the same number of workers.

    One thread of a process computes at a time. If they can use several CPUs, each of them wakes another one
    on another CPU whenever it sends or receives, which can double the CPU time of a request. If there are
    fewer workers than CPUs, a worker can use any CPU: other processes may have chosen the same one.
    """
    worker.cpus = cpus = available_cpus
    if cpus and arbiter.num_workers % len(cpus) == 0:
        used = Counter(cpu for other in arbiter.WORKERS.values() for cpu in other.cpus)
        worker.cpus = {min(cpus, key=lambda cpu: used[cpu])}


def post_fork(_arbiter: Any, worker: Any) -> None:
    if worker.cpus:
        os.sched_setaffinity(0, worker.cpus)
    # This starts a thread, so it runs in the workers and not in the master: Python shouldn't fork a process
    # that has threads. If all workers have ended, the master starts new ones.
    end_with_supervisor()
    # Imported here, so that the master, which a reload doesn't restart, contains no code of the site.
    from heroesite.database.sqlite3.kept_connections import kept_connections  # noqa: PLC0415

    kept_connections.enable()
