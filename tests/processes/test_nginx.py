"""nginx stores the responses to visitors for at most a second, and those to users never."""

import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from .nginx import NGINX, nginx
from .processes import wait_until
from .sites import prepare, running

HERO = "/api/v1/heroes/1"
PAGES = ["/", "/heroes/", "/heroes/1/", "/heroes/1/history/", "/history/", "/search/?search=o"]
API = [HERO, "/api/v1/heroes/", "/api/v1/teams/", "/api/v1/heroes/1/history", "/api/v1/changes/"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site behind nginx, which requests are sent to."""
    if NGINX is None:
        pytest.skip("nginx is not installed")
    folder = tmp_path_factory.mktemp("nginx")
    with (
        running(folder, prepare(folder)) as direct,
        TemporaryDirectory() as files,
        nginx(Path(files), direct.port) as port,
    ):
        yield replace(direct, port=port)


def request_id(response):
    """Return the id of the request that the response was created for, which cached responses repeat."""
    return response.headers["X-Request-Id"]


def wait_until_cached(site, address, **headers):
    """Return a response from the cache."""

    def cached():
        first, second = (site.request("GET", address, **headers) for _time in range(2))
        assert second.status == 200
        return request_id(first) == request_id(second) and second

    return wait_until(cached)


@pytest.mark.parametrize("address", [*PAGES, *API])
def test_a_cached_response_has_no_cookie_and_no_csrf_token(address, site):
    response = wait_until_cached(site, address)
    assert "Set-Cookie" not in response.headers
    assert "csrf" not in response.text.lower()


@pytest.mark.parametrize("part_of_second", [0, 0.5, 0.9])
def test_visitors_see_a_change_within_a_second(part_of_second, site):
    before = wait_until_cached(site, HERO).json["age"]
    wait_until(lambda: part_of_second <= time.time() % 1 < part_of_second + 0.1)
    site.request("GET", HERO)
    after = int(time.time() * 10) % 1_000_000
    assert site.call("PATCH", HERO, {"age": after}).status == 200
    changed = latest = time.monotonic()

    def is_shown():
        nonlocal latest
        sent = time.monotonic()
        age = site.request("GET", HERO).json["age"]
        latest = sent if age == before else latest
        return age == after

    wait_until(is_shown)
    assert latest - changed <= 1


@pytest.mark.parametrize("headers", [{"Cookie": "theme=dark"}, {"Authorization": "Bearer x"}])
@pytest.mark.parametrize("address", ["/", "/heroes/", HERO])
def test_requests_with_a_cookie_or_a_token_bypass_the_cache(address, headers, site):
    cached = wait_until_cached(site, address)
    responses = [site.request("GET", address, **headers) for _time in range(3)]
    assert len({request_id(cached), *map(request_id, responses)}) == 4


def test_users_see_their_own_changes_at_once(site):
    for age in range(5):
        assert site.call("PATCH", HERO, {"age": age}).json["age"] == age
        assert site.call("GET", HERO).json["age"] == age
        assert f">{age}<" in site.browse("/heroes/1/").text


def test_responses_to_users_are_not_stored(site):
    for address in ("/", "/heroes/"):
        assert "/account/logout/" in site.browse(address).text
        assert "/account/logout/" not in site.request("GET", address).text


def test_host_names_do_not_share_responses(site):
    for host in ("localhost", "127.0.0.1"):
        response = wait_until_cached(site, "/api/v1/heroes/?limit=1", Host=host)
        assert response.json["next"].startswith(f"http://{host}/")


def test_a_visitor_gets_not_modified_for_a_stored_response(site):
    etag = wait_until_cached(site, HERO).headers["ETag"]
    assert site.request("GET", HERO, If_None_Match=etag).status == 304


def test_a_bulk_request_of_the_permitted_size_reaches_the_site(site):
    heroes = [{"name": f"Bulk {n}", "secret_name": "x" * 3_000} for n in range(1000)]
    response = site.call("POST", "/api/v1/heroes/bulk/", heroes)
    assert response.status == 422, "the names are too long"
