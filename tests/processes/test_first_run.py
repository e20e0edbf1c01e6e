"""``make run`` in development: the first run fills the register, the second changes nothing."""

import http.client
import re
import socket
import sqlite3
from urllib.request import urlopen

import pytest

from tests.__main__ import ROOT

from .processes import PRODUCTION, free_port, manage, serving


def counts(folder) -> dict[str, int]:
    with sqlite3.connect(folder / "register.sqlite3") as database:
        tables = ("heroes_hero", "teams_team", "auth_user")
        return {table: database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in tables}


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    """The folder, the address and the output of a first run, whose API pages of another origin can use."""
    folder = tmp_path_factory.mktemp("first")
    with serving(folder, CORS_ORIGINS="https://a.example.org") as (site, printed):
        yield folder, site, printed


def test_the_first_run_fills_the_register_and_prints_the_addresses(first_run):
    folder, site, printed = first_run
    assert b"60" in urlopen(site).read()
    text = "\n".join(printed)
    for path in ("/", "/admin/", "/api/v1/", "/api/docs/"):
        assert re.search(rf"{site}{path}$", text, re.MULTILINE)
    assert re.search(r"^Administrator: +admin$", text, re.MULTILINE)
    assert re.search(r"^Password: +\S{16} ", text, re.MULTILINE)
    assert counts(folder) == {"heroes_hero": 60, "teams_team": 12, "auth_user": 1}


def test_static_files_and_pages_come_from_the_same_process(first_run):
    _folder, site, _printed = first_run
    connection = http.client.HTTPConnection(site.removeprefix("http://"))
    connection.request("GET", "/static/site.css")
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, (ROOT / "static" / "site.css").read_bytes())
    connection.close()


def test_a_script_from_another_origin_can_read_why_its_request_was_rejected(first_run):
    _folder, site, _printed = first_run
    connection = http.client.HTTPConnection(site.removeprefix("http://"))
    for path in ("/api/v1/heroes/?search=%00", "/api/v1/heroes/?nonsense=1"):
        connection.request("GET", path, headers={"Origin": "https://a.example.org"})
        response = connection.getresponse()
        response.read()
        assert response.status == 400
        assert response.headers["Access-Control-Allow-Origin"] == "https://a.example.org"
    connection.close()


def test_the_second_run_changes_nothing(register_folder):
    with sqlite3.connect(register_folder / "register.sqlite3") as database:
        database.execute("DELETE FROM heroes_hero WHERE id > 10")
    with serving(register_folder) as (_site, printed):
        assert not [line for line in printed if line.startswith(("Administrator", "Password"))]
    assert counts(register_folder) == {"heroes_hero": 10, "teams_team": 12, "auth_user": 1}


def test_the_administrator_can_be_configured(register_folder):
    with sqlite3.connect(register_folder / "register.sqlite3") as database:
        database.execute("DELETE FROM auth_user")  # as if the first run had been interrupted
    values = {
        "DJANGO_SUPERUSER_USERNAME": "boss",
        "DJANGO_SUPERUSER_PASSWORD": "a configured password",
        "DJANGO_SUPERUSER_EMAIL": "boss@example.org",
    }
    with serving(register_folder, **values) as (_site, printed):
        assert "a configured password" not in "\n".join(printed)
    code = (
        "from django.contrib.auth import authenticate; "
        "u = authenticate(username='boss', password='a configured password'); print(u.email, u.is_superuser)"
    )
    ran = manage(register_folder, "shell", "--no-imports", "-c", code)
    assert ran.stdout.strip() == "boss@example.org True"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (
            {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
            "Connection refused). Start it, or fix",
        ),
        ({"DATABASE_URL": "sqlite:////proc/none/register.sqlite3"}, "fix DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:///var/x.sqlite3?transaction_mode=slow"}, "fix DATABASE_URL"),
        ({"DATABASE_URL": f"postgresql://nobody@127.0.0.1:1/{'n' * 64}"}, "fix DATABASE_URL"),
        ({"DJANGO_SUPERUSER_USERNAME": "no blanks"}, "DJANGO_SUPERUSER_USERNAME is invalid. "),
        ({"DJANGO_SUPERUSER_EMAIL": "nowhere"}, "DJANGO_SUPERUSER_EMAIL is invalid. "),
    ],
)
def test_an_error_at_startup_is_one_line_with_its_fix(tmp_path, variables, message):
    ran = manage(tmp_path, "serve", PORT=str(free_port()), **variables)
    assert ran.returncode == 1
    assert message in ran.stderr
    assert ran.stderr.strip().count("\n") == 0


def test_a_port_in_use_is_an_error(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ran = manage(tmp_path, "serve", PORT=str(port))
    assert ran.returncode == 1
    assert ran.stderr.strip() == (
        f"CommandError: Can't listen on 127.0.0.1:{port}: address already in use."
        " Choose another port, for example: PORT=8001 make run"
    )
    assert not (tmp_path / "register.sqlite3").exists()


def test_production_creates_no_records_and_collects_static_files_only_if_any_has_changed(tmp_path):
    settings = {**PRODUCTION, "DATABASE_URL": f"sqlite:///{tmp_path}/register.sqlite3"}
    collected = []
    for _start in range(2):
        with serving(tmp_path, **settings) as (site, printed):
            assert [line.split() for line in printed] == [["Listening:", site]]
            connection = http.client.HTTPConnection(site.removeprefix("http://"))
            headers = {"Host": "heroes.example.org", "X-Forwarded-Proto": "https"}
            connection.request("GET", "/", headers=headers)
            page = connection.getresponse().read().decode()
            style = re.search(r"/static/site\.\w+\.css", page)
            assert style
            connection.request("GET", style[0], headers=headers)
            assert connection.getresponse().status == 200
            connection.close()
        collected.append((ROOT / "var" / "static" / "staticfiles.json").stat().st_mtime_ns)
    assert collected[0] == collected[1]
    assert counts(tmp_path) == {"heroes_hero": 0, "teams_team": 0, "auth_user": 0}


def test_a_first_run_that_was_interrupted_is_completed_by_the_next(tmp_path):
    assert manage(tmp_path, "migrate", "heroes", "0001").returncode == 0
    with serving(tmp_path) as (_site, printed):
        assert any(line.startswith("Password") for line in printed)
    assert counts(tmp_path) == {"heroes_hero": 60, "teams_team": 12, "auth_user": 1}


def test_an_error_page_needs_no_database(register_folder):
    with serving(register_folder) as (site, _printed):
        with sqlite3.connect(register_folder / "register.sqlite3") as database:
            database.execute("ALTER TABLE django_session RENAME TO other")
        connection = http.client.HTTPConnection(site.removeprefix("http://"))
        connection.request(
            "GET", "/heroes/", headers={"Cookie": "sessionid=abcdefghijklmnopqrstuvwxyz012345"}
        )
        response = connection.getresponse()
        assert response.status == 503
        assert "Temporarily unavailable" in response.read().decode()
        assert response.headers["X-Request-Id"]
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]
        connection.close()
