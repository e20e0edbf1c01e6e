"""X-Forwarded-Proto is trusted only behind a configured proxy, and headers are the same in every process."""

import pytest

from .processes import PRODUCTION, manage

IS_SECURE = """
from django.test import RequestFactory
print(RequestFactory().get("/", headers={"X-Forwarded-Proto": "https"}).is_secure())
"""
HEADERS = """
from django.test import Client
for address in "/ /heroes/ /language/ /api/docs/ /api/redoc/ /api/v1/heroes/ /static/site.css".split():
    response = Client().get(address, headers={"Accept-Encoding": "gzip"})
    print(address, response["Content-Security-Policy"], response["Vary"], response.get("Cache-Control"))
"""


@pytest.mark.parametrize(
    ("variables", "is_secure"),
    [
        ({}, False),
        ({"TRUSTED_PROXIES": "1"}, True),
        (PRODUCTION, True),
        (PRODUCTION | {"TRUSTED_PROXIES": "0"}, False),
    ],
)
def test_a_request_is_secure_if_a_trusted_proxy_says_so(variables, is_secure, tmp_path):
    shell = manage(tmp_path, "shell", "--no-imports", "--command", IS_SECURE, **variables)
    assert shell.stdout.strip() == str(is_secure), shell.stderr


def test_headers_are_the_same_in_every_process(register_folder):
    runs = [
        manage(
            register_folder,
            "shell",
            "--no-imports",
            "--command",
            HEADERS,
            PYTHONHASHSEED=seed,
            ALLOWED_HOSTS="testserver",
        )
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout, runs[0].stderr
    assert "/static/site.css base-uri 'none'; default-src 'self'; " in runs[0].stdout
