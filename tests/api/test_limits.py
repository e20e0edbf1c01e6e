"""How often programs may ask: counted by token, user and address, by all processes together."""

import re
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from functools import partial

import pytest
from django.core.cache import caches
from django.db import OperationalError
from django.test import Client, override_settings

from heroesite.api import limits
from heroesite.api.limits import Counter
from heroesite.api.models import ApiToken
from tests.people import browser, program
from tests.threads import in_parallel

HEROES = "/api/v1/heroes/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch):
    """A clock that is stopped 20 seconds into a minute, until a test sets it."""

    class Clock:
        now = 60_000_020

        def time(self):
            return self.now

        monotonic = time

    clock = Clock()
    monkeypatch.setattr(limits, "time", clock)
    return clock


@pytest.fixture
def allow(settings):
    def allow(**most):
        settings.LIMITS = {"user": 0, "token": 0, "address": 0, **most}

    return allow


def taken(client, times, address=HEROES, **headers):
    """How many of that many requests are taken."""
    return sum(client.get(address, **headers).status_code == 200 for _time in range(times))


def test_requests_beyond_a_limit_are_rejected_until_the_next_minute(clock, allow):
    allow(address=3)
    client = program()
    responses = [client.get(HEROES) for _time in range(4)]
    assert [response.status_code for response in responses] == [200, 200, 200, 429]
    assert [response["RateLimit"] for response in responses] == [
        f'"address";r={left};t=40' for left in (2, 1, 0, 0)
    ]
    assert {response["RateLimit-Policy"] for response in responses} == {'"address";q=3;w=60'}
    refused = responses[3]
    assert refused["Retry-After"] == "40"
    assert refused["Content-Type"] == "application/problem+json"
    assert (
        refused.json()["detail"]
        == "Rate limit exceeded: 3 requests per minute per address. Retry in 40 seconds."
    )
    clock.now += 39
    assert client.get(HEROES).status_code == 429
    clock.now += 1
    assert taken(client, 4) == 3


def test_the_tokens_of_a_user_share_the_limit_of_the_user(clock, allow, editor, reader):
    allow(token=3, user=5)
    assert (taken(program(editor), 4), taken(program(editor), 4)) == (3, 2)
    assert taken(program(reader), 1) == 1
    assert taken(browser(editor), 1) == 0
    left = program(reader).get(HEROES)["RateLimit"]
    assert left == '"token";r=2;t=40, "user";r=3;t=40'


def test_visitors_are_counted_by_address_and_users_are_not(clock, allow, editor):
    allow(address=2)
    assert taken(program(), 3, REMOTE_ADDR="192.0.2.1") == 2
    assert taken(program(), 3, REMOTE_ADDR="192.0.2.2") == 2
    assert taken(program(editor), 3, REMOTE_ADDR="192.0.2.1") == 3


def test_one_network_of_ipv6_is_one_visitor(clock, allow):
    allow(address=2)
    assert [taken(program(), 1, REMOTE_ADDR=f"2001:db8::{number}") for number in range(3)] == [1, 1, 0]
    assert taken(program(), 1, REMOTE_ADDR="2001:db8:0:1::1") == 1


def test_a_forged_address_is_not_believed(clock, allow, settings):
    allow(address=2)
    assert [taken(program(), 1, HTTP_X_FORWARDED_FOR=f"192.0.2.{number}") for number in range(3)] == [1, 1, 0]


@pytest.mark.parametrize("forged", ["", "x", "192.0.2.1, \x7f", "999.1.1.1", "::1%lo"])
def test_no_address_causes_a_server_error(forged, clock, allow):
    allow(address=1)
    assert program().get(HEROES, REMOTE_ADDR=forged).status_code == 200


def test_requests_with_wrong_tokens_are_counted(clock, allow):
    allow(address=3)
    guess = partial(program().get, HEROES, HTTP_AUTHORIZATION="Bearer " + "0" * 64)
    assert [guess().status_code for _time in range(4)] == [401, 401, 401, 429]


def test_a_rejected_write_changes_nothing_and_its_key_can_be_used_again(clock, allow, editor):
    allow(token=1)
    client, headers = program(editor), {"Idempotency-Key": "a"}
    assert client.get(HEROES).status_code == 200
    assert client.post(HEROES, {"name": "Owl", "secret_name": "x"}, headers=headers).status_code == 429
    clock.now += 60
    assert client.post(HEROES, {"name": "Owl", "secret_name": "x"}, headers=headers).status_code == 201


def test_without_limits_there_are_no_headers(allow):
    allow()
    assert not [name for name in program().get(HEROES).headers if name.startswith("RateLimit")]


def test_few_requests_cost_no_queries(editor, django_assert_num_queries):
    client = program(editor)
    client.get(HEROES)
    with django_assert_num_queries(2):  # the token with its user, and the count of an empty list
        response = client.get(HEROES)
    assert re.fullmatch(r'"token";r=29998;t=\d+, "user";r=59998;t=\d+', response["RateLimit"])


def test_pages_are_not_counted(allow):
    allow(address=1)
    assert taken(browser(), 3, "/heroes/") == 3


def test_requests_without_the_csrf_token_count_towards_the_limit_of_the_address(allow, editor):
    allow(address=2)
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    statuses = [client.post(HEROES, {}, content_type="application/json").status_code for _time in range(3)]
    assert statuses == [403, 403, 429]


# Many processes at once -------------------------------------------------------------------


@contextmanager
def redis_server(folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        while "Ready to accept" not in (line := server.stdout.readline()):
            assert line, "the server has ended"
        yield f"redis://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def in_redis(address):
    return {"default": {"BACKEND": "heroesite.caches.LenientRedisCache", "LOCATION": address}}


@pytest.fixture(params=["database", "Redis"])
def shared(request, tmp_path):
    """What processes count in."""
    if request.param == "database":
        yield
    elif shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    else:
        with redis_server(tmp_path) as address, override_settings(CACHES=in_redis(address)):
            yield
            caches["default"].clear()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("restore_groups")
@pytest.mark.parametrize(("most", "asked"), [(10, 8), (150, 40), (2000, 300)])
def test_concurrent_processes_do_not_exceed_the_limit(most, asked, shared, monkeypatch):
    monkeypatch.setattr("heroesite.caches.SECONDARY", 20)  # on a busy machine, nobody goes uncounted
    caller, minute, processes = ("address", f"{time.time()}"), 1, 8

    def process():
        counter = Counter()
        return sum(counter.count(caller, most, minute) is not None for _time in range(asked))

    passed = sum(in_parallel(*[process] * processes))
    allowance = processes * (most // 1000)
    assert min(most, processes * asked) - most // 100 * processes <= passed <= most + allowance
    if most < 200:
        assert passed == min(most, processes * asked)


def test_nothing_is_rejected_without_redis(allow, editor):
    allow(token=1, address=1)
    with override_settings(CACHES=in_redis("redis://127.0.0.1:1")):
        assert taken(program(editor), 3) == 3
        assert ApiToken.objects.exists()


def test_nothing_is_rejected_while_the_database_is_busy(allow, monkeypatch):
    def locked(*_args):
        raise OperationalError("database is locked")

    allow(address=1)
    monkeypatch.setattr(limits.cache, "incr", locked)
    assert taken(program(), 3) == 3
