"""Several processes on one SQLite file: no update is lost, and a write that is sent again is done once."""

import json
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from .processes import manage, serving

WRITERS = 16


@pytest.fixture(scope="module")
def site(after_the_first_run, tmp_path_factory):
    """The site with four processes, and a way to send it requests with a token."""
    folder = shutil.copytree(after_the_first_run, tmp_path_factory.mktemp("site"), dirs_exist_ok=True)
    with serving(folder, WEB_CONCURRENCY="4") as (address, _printed):
        token = manage(folder, "issue_token", "admin").stdout.strip()

        def send(method, path, body=None, **headers):
            headers |= {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            data = None if body is None else json.dumps(body).encode()
            request = Request(f"{address}{path}", data, headers, method=method)
            try:
                with urlopen(request) as answer:
                    return answer.status, json.loads(answer.read() or b"null")
            except HTTPError as answer:
                return answer.code, json.loads(answer.read())

        yield send


def at_once(*requests):
    start = Barrier(len(requests))

    def run(request):
        start.wait()
        return request()

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(run, requests))


def test_sixteen_writers_on_one_hero_lose_no_update(site):
    _status, before = site("GET", "/api/v1/heroes/1")
    patch = partial(site, "PATCH", "/api/v1/heroes/1")
    answers = at_once(*(partial(patch, {"age": 500 + number}) for number in range(WRITERS)))
    assert Counter(status for status, _body in answers) == {200: WRITERS}
    _status, after = site("GET", "/api/v1/heroes/1")
    assert after["version"] == before["version"] + WRITERS
    _status, history = site("GET", "/api/v1/heroes/1/history")
    assert [entry["version"] for entry in history["results"]] == list(range(after["version"], 0, -1))
    assert len({entry["change_set"] for entry in history["results"]}) == after["version"]


def test_sixteen_equal_posts_under_one_key_make_one_hero(site):
    body = {"name": "Only One", "secret_name": "Nobody"}
    headers = {"Idempotency-Key": "the-same"}
    post = partial(site, "POST", "/api/v1/heroes/", body, **headers)
    answers = at_once(*[post] * WRITERS)
    assert {status for status, _body in answers} <= {201, 409}
    assert len({made["id"] for status, made in answers if status == 201}) == 1
    _status, found = site("GET", "/api/v1/heroes/?name=Only%20One")
    assert found["count"] == 1
