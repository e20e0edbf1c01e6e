"""A process that dies during a write with an Idempotency-Key leaves a state that a retry completes.

A real process is killed before every statement to the database, and before and after every commit.
"""

import os
import signal
from datetime import timedelta
from itertools import count

import pytest
from django.db import connection, connections
from django.utils import timezone

from heroes.models import Hero
from heroesite.api.idempotency import LEASE
from heroesite.api.models import IdempotencyKey
from tests.factories import HeroFactory
from tests.people import program

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("restore_groups"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),  # this test has no threads
]
HEROES = "/api/v1/heroes/"


def send(client, method, address, number):
    """Create or rename a hero, with a different key for each number."""
    body = {"name": f"Owl {number}", "secret_name": "Nora Hidden"}
    return getattr(client, method)(address, body, headers={"Idempotency-Key": f"key-{number}"})


def dies_at(point, request):
    """Run ``request`` in a process that is killed at that point, and return whether it got there."""
    connections.close_all()
    process = os.fork()
    if not process:
        try:
            run_until(point, request)
        finally:
            os._exit(0)
    _process, status = os.waitpid(process, 0)
    assert status in (0, signal.SIGKILL)
    return status == signal.SIGKILL


def run_until(point, request):
    points = count()

    def reach():
        if next(points) == point:
            os.kill(os.getpid(), signal.SIGKILL)

    def execute(run, *statement):
        reach()
        return run(*statement)

    commit = connection._commit

    def commit_between():
        reach()
        commit()
        reach()

    connection._commit = commit_between
    with connection.execute_wrapper(execute):
        request()


@pytest.mark.parametrize("method", ["post", "patch"])
def test_a_killed_process_leaves_both_the_write_and_its_response_or_neither(method, owner):
    client, states = program(owner), set()
    for point in count():
        address = HEROES if method == "post" else f"{HEROES}{HeroFactory().pk}"
        if not dies_at(point, lambda address=address, point=point: send(client, method, address, point)):
            break

        written = Hero.objects.filter(name=f"Owl {point}").first()
        key = IdempotencyKey.objects.filter(key=f"key-{point}").first()
        if written:
            assert key.status == (201 if method == "post" else 200)
        elif key:
            assert key.status is None
            assert key.leased_until <= timezone.now() + LEASE, "it doesn't block retries forever"
        states.add((written is not None, key is not None))

        IdempotencyKey.objects.filter(status=None).update(leased_until=timezone.now() - timedelta(seconds=1))
        response = send(client, method, address, point)
        assert response.status_code == (201 if method == "post" else 200)
        assert ("Idempotency-Replayed" in response) == (written is not None)
        hero = Hero.objects.get(name=f"Owl {point}")
        assert response.json()["id"] == hero.pk
        assert hero.version == hero.history.count() == (1 if method == "post" else 2)
    assert states == {(False, False), (False, True), (True, True)}, "killed before, during and after"
    assert Hero.objects.filter(name=f"Owl {point}").exists(), "the last request was not killed"
