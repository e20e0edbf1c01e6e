"""Several processes that use one database lose no write and don't block each other."""

import json
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from .processes import PATIENCE, manage, serving

WRITERS = 16
SERVERS = 2


@pytest.fixture(scope="module")
def site(first_run_folder, tmp_path_factory):
    """Run a site with four processes. Yields a function that sends it a request with a token."""
    folder = shutil.copytree(first_run_folder, tmp_path_factory.mktemp("site"), dirs_exist_ok=True)
    with serving(folder, WEB_CONCURRENCY="4") as (address, _printed):
        token = manage(folder, "issue_token", "admin").stdout.strip()

        def send(method, path, body=None, **headers):
            headers |= {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            data = None if body is None else json.dumps(body).encode()
            request = Request(f"{address}{path}", data, headers, method=method)
            try:
                with urlopen(request) as response:
                    return response.status, json.loads(response.read() or b"null")
            except HTTPError as response:
                return response.code, json.loads(response.read())

        yield send


def in_parallel(*requests):
    """Send all requests in threads that start together. Returns their results, in order."""
    start = Barrier(len(requests))

    def run(request):
        start.wait()
        return request()

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(run, requests))


def test_sixteen_writes_to_one_hero_lose_no_update(site):
    _status, before = site("GET", "/api/v1/heroes/1")
    patch = partial(site, "PATCH", "/api/v1/heroes/1")
    responses = in_parallel(*(partial(patch, {"age": 500 + number}) for number in range(WRITERS)))
    assert Counter(status for status, _body in responses) == {200: WRITERS}
    _status, after = site("GET", "/api/v1/heroes/1")
    assert after["version"] == before["version"] + WRITERS
    _status, history = site("GET", "/api/v1/heroes/1/history")
    assert [entry["version"] for entry in history["results"]] == list(range(after["version"], 0, -1))
    assert len({entry["change_set"] for entry in history["results"]}) == after["version"]


def test_sixteen_equal_posts_with_one_idempotency_key_create_one_hero(site):
    body = {"name": "Only One", "secret_name": "Nora Vane"}
    headers = {"Idempotency-Key": "the-same"}
    post = partial(site, "POST", "/api/v1/heroes/", body, **headers)
    responses = in_parallel(*[post] * WRITERS)
    assert {status for status, _body in responses} <= {201, 409}
    assert len({created["id"] for status, created in responses if status == 201}) == 1
    _status, found = site("GET", "/api/v1/heroes/?name=Only%20One")
    assert found["count"] == 1


def test_servers_that_start_together_with_an_empty_database_all_serve(empty_database, tmp_path):
    all_servers = Barrier(SERVERS, timeout=PATIENCE)

    def serve():
        with serving(tmp_path, DATABASE_URL=empty_database) as (address, printed):
            with urlopen(f"{address}/heroes/") as response:
                assert response.status == 200
            all_servers.wait()
        return printed

    lines = [line for printed in in_parallel(*[serve] * SERVERS) for line in printed]
    assert len([line for line in lines if line.startswith("Password:")]) == 1
    code = (
        "from django.contrib.auth.models import User; from heroes.models import Hero;"
        "from teams.models import Team; print(Hero.objects.count(), Team.objects.count(),"
        "list(User.objects.values_list('username', flat=True)))"
    )
    ran = manage(tmp_path, "shell", "--no-imports", "-c", code, DATABASE_URL=empty_database)
    assert ran.stdout.strip() == "60 12 ['admin']"
