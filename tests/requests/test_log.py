"""The log has a line for each request, and every line of a request carries its id."""

import logging
import re
from io import StringIO

import pytest

from tests.people import PASSWORD, browser, program

pytestmark = pytest.mark.django_db

CONTEXT = re.compile(r" request=(\S+) method=(\S+) path=(\S+) status=(\S+) user=(\S+)$", re.MULTILINE)


@pytest.fixture
def log():
    """What the site logs, as it formats it."""
    root = logging.getLogger()
    [console] = [handler for handler in root.handlers if type(handler) is logging.StreamHandler]
    levels, text = (root.level, console.level), StringIO()
    stream = console.setStream(text)
    for target in (root, console):
        target.setLevel(logging.INFO)
    yield text
    console.setStream(stream)
    for target, level in zip((root, console), levels, strict=True):
        target.setLevel(level)


def lines(log, logger):
    return [line for line in log.getvalue().splitlines() if f" {logger}: " in line]


def test_each_request_is_one_line_with_its_status_and_user(log, editor, administrator):
    requests = [
        (browser(), "GET", "/heroes/", "200", "-"),
        (browser(editor), "GET", "/heroes/new/", "200", "editor"),
        (browser(editor), "POST", "/heroes/new/", "422", "editor"),
        (browser(editor), "GET", "/nowhere/", "404", "editor"),
        (browser(), "PUT", "/language/", "405", "-"),
        (browser(administrator), "GET", "/admin/heroes/hero/", "200", "administrator"),
        (program(), "GET", "/api/v1/heroes/", "200", "-"),
        (program(editor), "POST", "/api/v1/teams/", "400", "editor"),
        (browser(), "GET", "/static/site.css", "200", "-"),
    ]
    expected = []
    for client, method, address, status, user in requests:
        response = client.generic(method, address)
        expected.append((response["X-Request-Id"], method, address, status, user))
    found = lines(log, "heroesite.access")
    assert [CONTEXT.search(line).groups() for line in found] == expected
    assert all(re.search(r" INFO heroesite.access: Responded in \d+ ms\. request=", line) for line in found)
    assert len(log.getvalue().splitlines()) == len(requests)


def test_neither_queries_nor_secret_links_are_logged(log):
    for address in (
        "/heroes/?search=hidden",
        "/account/password/reset/key/1-hidden-key/",
        "/account/confirm-email/hidden/",
        "/heroes/views/hidden/",
    ):
        browser().get(address)
    assert "hidden" not in log.getvalue()
    assert " path=/heroes/views/***/ " in log.getvalue()


def test_a_path_cannot_forge_a_line(log):
    browser().get("/heroes/%0a2026-01-01 INFO heroesite.access: forged")
    assert len(log.getvalue().splitlines()) == 1


def test_a_failed_sign_in_is_logged_with_the_name_and_without_the_password(log, editor):
    form = {"login": "editor", "password": "not the password"}
    response = browser().post("/account/login/", form)
    [line] = lines(log, "heroesite.security")
    assert " WARNING heroesite.security: Sign-in failed for “editor”." in line
    assert CONTEXT.search(line)[1] == response["X-Request-Id"]
    assert "not the password" not in log.getvalue()
    browser().post("/account/login/", form | {"password": PASSWORD})
    assert len(lines(log, "heroesite.security")) == 1
    assert lines(log, "heroesite.access")[-1].endswith("status=302 user=editor")


@pytest.mark.parametrize("address", ["/heroes/", "/admin/", "/api/v1/heroes/"])
def test_a_rejected_host_is_logged_in_one_line(address, log):
    response = browser().get(address, headers={"Host": "evil.example"})
    assert response.status_code == 400
    [line] = lines(log, "django.security.DisallowedHost")
    assert " WARNING " in line
    assert "'evil.example'" in line
    assert CONTEXT.search(line)[1] == response["X-Request-Id"]
    assert len(log.getvalue().splitlines()) == 2


@pytest.mark.parametrize("address", ["/search/?search=x", "/api/v1/heroes/"])
def test_the_traceback_of_a_failure_carries_the_request(address, log, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("a bug")

    monkeypatch.setattr("heroesite.records.models.querysets.RecordQuerySet.search", fail)
    monkeypatch.setattr("heroesite.records.api.viewsets.RecordPagination.paginate_queryset", fail)
    response = browser().get(address)
    assert response.status_code == 500
    assert "RuntimeError: a bug" in log.getvalue()
    [line] = lines(log, "django.request")
    assert CONTEXT.search(line)[1] == response["X-Request-Id"]
    assert response["X-Request-Id"] in response.content.decode()


def test_a_line_outside_a_request_has_no_context(log):
    logging.getLogger("heroesite").warning("Between two requests.")
    assert log.getvalue().endswith(" WARNING heroesite: Between two requests.\n")
