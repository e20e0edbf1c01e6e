"""gunicorn's workers stay on CPUs of their own if each CPU gets the same number of them."""

import os
import signal
from collections import Counter

import pytest

from .processes import gunicorn, server_process, wait_until


@pytest.fixture
def cpus():
    """Two CPUs, or one if this machine has no more, which are all that the processes of the test can use."""
    available = os.sched_getaffinity(0)
    chosen = set(sorted(available)[:2])
    os.sched_setaffinity(0, chosen)
    yield chosen
    os.sched_setaffinity(0, available)


def workers_by_cpus(server):
    """Return how many workers have each set of CPUs. They start a thread once they have chosen it."""
    _master, workers = gunicorn(server)
    started = [pid for pid in workers if len(os.listdir(f"/proc/{pid}/task")) > 1]
    return Counter(frozenset(os.sched_getaffinity(pid)) for pid in started)


def test_each_cpu_has_the_same_number_of_workers_even_after_some_have_died(cpus, register_folder):
    balanced = {frozenset([cpu]): 2 for cpu in cpus}
    with server_process(register_folder, WEB_CONCURRENCY=str(2 * len(cpus))) as (server, _site, _printed):
        wait_until(lambda: workers_by_cpus(server) == balanced)
        _master, workers = gunicorn(server)
        first_cpu = min(cpus)
        killed = [pid for pid in workers if os.sched_getaffinity(pid) == {first_cpu}]
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: set(killed).isdisjoint(gunicorn(server)[1]))
        wait_until(lambda: workers_by_cpus(server) == balanced)


def test_workers_that_cannot_be_spread_evenly_use_all_cpus(cpus, register_folder):
    number = len(cpus) + 1
    with server_process(register_folder, WEB_CONCURRENCY=str(number)) as (server, _site, _printed):
        wait_until(lambda: workers_by_cpus(server) == {frozenset(cpus): number})
