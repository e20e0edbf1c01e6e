"""A locked, unavailable, read-only or full database causes a 503 or 507 within seconds; the site recovers."""

import os
import re
import shutil
import signal
import sqlite3
import time
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import count
from subprocess import SubprocessError

import psycopg
import pytest

from tests.__main__ import postgresql_server

from .sites import Site, prepare, running

HERO = {"name": "", "secret_name": "Ж" * 100}
"""A hero that is larger than the free space in the last page; :func:`new_hero` sets the name."""
NUMBERS = count(1)
CLOSE = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE usename = 'site'"
"""SQL that closes the site's connections and waits until they are closed."""
READS = {
    "home": lambda site: site.request("GET", "/"),
    "page": lambda site: site.request("GET", "/heroes/"),
    "signed-in page": lambda site: site.browse("/heroes/1/"),
    "history": lambda site: site.browse("/history/"),
    "form": lambda site: site.browse("/heroes/new/"),
    "check of a field": lambda site: site.browse("/heroes/new/?check=name", name="Owl"),
    "tokens": lambda site: site.browse("/account/tokens/"),
    "admin": lambda site: site.browse("/admin/heroes/hero/"),
    "API": lambda site: site.request("GET", "/api/v1/heroes/"),
    "API with a token": lambda site: site.call("GET", "/api/v1/teams/"),
}
LOCKED_READS = {name: READS[name] for name in ("home", "page", "signed-in page", "admin", "API")}
WRITES = {
    "page": lambda site: site.browse("/heroes/new/", **HERO),
    "admin": lambda site: site.browse("/admin/heroes/hero/add/", **HERO),
    "API": lambda site: site.call("POST", "/api/v1/heroes/", HERO),
    "API with a key": lambda site: site.call(
        "POST", "/api/v1/heroes/", HERO, Idempotency_Key=HERO["name"][:3]
    ),
    "API in bulk": lambda site: site.call("POST", "/api/v1/heroes/bulk/", [HERO]),
    "API, dry run": lambda site: site.call("POST", "/api/v1/heroes/?dry_run=true", HERO),
}
SECRETS = {
    "page": lambda site: site.browse("/heroes/1/reveal/", reveal="1"),
    "admin": lambda site: site.browse("/admin/heroes/hero/1/reveal/", reveal="1"),
    "API": lambda site: site.call("GET", "/api/v1/heroes/1"),
}
WITHOUT_DATABASE = {
    "/language/": 200,
    "/api/docs/": 200,
    "/api/redoc/": 200,
    "/static/site.css": 200,
    "/nowhere/": 404,
    "/api/v1/nowhere/": 404,
    "/heroes/?search=%00": 400,
}


@pytest.fixture(autouse=True)
def new_hero():
    """Give each test a name, and so a key, that no other test has used in the same database."""
    HERO["name"] = f"{next(NUMBERS)}".rjust(3, "0").ljust(100, "Ж")


@pytest.fixture(scope="module")
def server():
    with postgresql_server() as server:
        yield server


@pytest.fixture(scope="module")
def postgresql_site(server, tmp_path_factory):
    """A site that connects as the role ``site``."""
    folder = tmp_path_factory.mktemp("postgresql")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("CREATE ROLE site LOGIN")
        connection.execute("CREATE DATABASE outages OWNER site")
    url = server.get_uri("outages").replace("//postgres:", "//site:")
    keys = prepare(folder, DATABASE_URL=url)
    with running(folder, keys, DATABASE_URL=f"{url}&options=-c%20lock_timeout%3D1s") as site:
        yield site


@pytest.fixture
def superuser(server, postgresql_site):
    """A connection of the database's superuser."""
    with psycopg.connect(server.get_uri("outages"), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory):
    """The folder of a site, with its database in another, and an administrator's keys."""
    folder = tmp_path_factory.mktemp("sqlite")
    (folder / "data").mkdir()
    url = f"sqlite:///{folder}/data/register.sqlite3"
    return folder, prepare(folder, DATABASE_URL=url), url


@contextmanager
def sqlite_site(sqlite, pragma=""):
    """A site that runs a pragma on each connection and waits for locks for a second."""
    folder, keys, url = sqlite
    commands = f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; {pragma}"
    with running(folder, keys, DATABASE_URL=f"{url}?timeout=1&init_command={commands}") as site:
        yield site


@contextmanager
def alter_role(superuser, change, undo):
    """Change the role ``site`` and close its connections, since only new ones use the change."""
    superuser.execute(f"ALTER ROLE site {change}")
    superuser.execute(CLOSE)
    try:
        yield
    finally:
        superuser.execute(f"ALTER ROLE site {undo}")
        superuser.execute(CLOSE)


def start(server):
    """Start PostgreSQL, which recovers from its crash first."""
    for _attempt in range(5):
        with suppress(SubprocessError, AssertionError):  # it may still be recovering
            server.ensure_postgres_running()
            return
    raise AssertionError("PostgreSQL doesn't start.")


def respond(site, send):
    """Send a request, up to five times, until it takes less than 3 seconds, since the machine can be busy."""
    for _attempt in range(5):
        response = send(site)
        if response.seconds < 3:
            return response
    raise AssertionError(f"It took {response.seconds} seconds: {response.text}")


def check_unavailable(site, requests, status=503):
    """Check that each response has the status within 3 seconds, and one line in the log."""
    for name, send in requests.items():
        response = respond(site, send)
        assert response.status == status, (name, site.log.read_text()[-4000:])
        assert ("Retry-After" in response.headers) == (status == 503), name
        if "API" in name:
            assert response.headers["Content-Type"] == "application/problem+json"
            assert response.json["status"] == status
            assert response.json["request_id"] == response.headers["X-Request-Id"]
        else:
            [heading] = re.findall("<h1>(.*)</h1>", response.text)
            assert heading == {503: "Temporarily unavailable", 507: "Storage is full"}[status], name
        [line] = site.lines(response)
        assert " ERROR heroesite.access: " in line
        assert f" status={status} " in line
    assert "Traceback" not in site.log.read_text(), site.log.read_text()[-3000:]


def check_available(site, requests):
    for name, send in requests.items():
        response = respond(site, send)
        assert response.status < 500, (name, site.log.read_text()[-4000:])


def check_pages_without_database(site):
    for path, status in WITHOUT_DATABASE.items():
        visitor = partial(Site.request, method="GET", path=path)
        for send in (visitor, partial(Site.browse, path=path)):
            response = respond(site, send)
            assert response.status == status, (path, response.text)
    assert site.request("GET", "/api/schema/").status == 200


def check_recovery(site):
    """Check that the site responds again without a restart, within 15 seconds."""
    started = time.monotonic()
    while READS["page"](site).status != 200:
        assert time.monotonic() - started < 15
    check_available(site, READS)


# Locked ---------------------------------------------------------------------------------------


def test_postgresql_with_a_locked_table(postgresql_site, server):
    with psycopg.connect(server.get_uri("outages")) as locker:
        locker.execute("LOCK TABLE heroes_hero")
        check_unavailable(postgresql_site, LOCKED_READS)
        check_unavailable(postgresql_site, WRITES)
        check_available(postgresql_site, {"API": READS["API with a token"]})
    check_available(postgresql_site, READS)
    assert WRITES["API with a key"](postgresql_site).status == 201, "the key can be used again immediately"


def test_postgresql_without_a_free_connection(postgresql_site, superuser):
    with alter_role(superuser, "CONNECTION LIMIT 0", "CONNECTION LIMIT -1"):
        superuser.execute(CLOSE)
        check_unavailable(postgresql_site, READS | WRITES | SECRETS)
    check_recovery(postgresql_site)


def test_sqlite_with_a_long_write(sqlite):
    with sqlite_site(sqlite) as site, closing(sqlite3.connect(sqlite[0] / "data/register.sqlite3")) as writer:
        writer.execute("BEGIN IMMEDIATE")
        check_unavailable(site, WRITES | SECRETS)
        check_unavailable(site, {"signing in": lambda site: site.sign_in()})
        check_available(site, READS)
        writer.rollback()
        assert WRITES["API with a key"](site).status == 201


# Unavailable --------------------------------------------------------------------------------


def test_postgresql_stopped_and_started(postgresql_site, server):
    os.kill(server.get_pid(), signal.SIGQUIT)  # as if it had crashed
    try:
        check_unavailable(postgresql_site, READS | WRITES | SECRETS)
        check_pages_without_database(postgresql_site)
    finally:
        start(server)
    check_recovery(postgresql_site)


def test_sqlite_with_its_file_moved_and_moved_back(sqlite):
    data = sqlite[0] / "data"
    with sqlite_site(sqlite) as site:
        data.rename(sqlite[0] / "moved")
        try:
            check_unavailable(site, READS | WRITES)
            check_pages_without_database(site)
            data.mkdir()  # in which SQLite creates an empty database
            check_unavailable(site, READS | WRITES)
        finally:
            shutil.rmtree(data, ignore_errors=True)
            (sqlite[0] / "moved").rename(data)
        check_recovery(site)


# Read-only ----------------------------------------------------------------------------------


def test_postgresql_read_only(postgresql_site, superuser):
    setting = "default_transaction_read_only"
    with alter_role(superuser, f"SET {setting} = on", f"RESET {setting}"):
        check_available(postgresql_site, READS)
        check_unavailable(postgresql_site, WRITES | SECRETS | {"signing in": lambda site: site.sign_in()})
    check_recovery(postgresql_site)
    assert postgresql_site.sign_in().status == 302


def test_sqlite_read_only(sqlite):
    with sqlite_site(sqlite, "PRAGMA query_only=1") as site:
        check_available(site, READS)
        check_unavailable(site, WRITES | SECRETS | {"signing in": lambda site: site.sign_in()})


# Full ---------------------------------------------------------------------------------------


def test_postgresql_full(postgresql_site, superuser):
    superuser.execute(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE disk_full; END $$"
    )
    superuser.execute("CREATE TRIGGER fail BEFORE INSERT ON heroes_hero EXECUTE FUNCTION fail()")
    try:
        check_unavailable(postgresql_site, WRITES, 507)
        check_available(postgresql_site, READS | SECRETS)
    finally:
        superuser.execute("DROP FUNCTION fail CASCADE")


def test_sqlite_full(sqlite):
    with closing(sqlite3.connect(sqlite[0] / "data/register.sqlite3")) as connection:
        [(pages,)] = connection.execute("PRAGMA page_count")
    with sqlite_site(sqlite, f"PRAGMA max_page_count={pages + 10}") as site:
        for size in (100, 10, 1):
            fill(site, size)
        check_unavailable(site, WRITES, 507)
        check_available(site, READS)


def fill(site, size):
    """Add ``size`` heroes at a time until there is no space for them."""
    for number in range(1000):
        heroes = [{"name": f"{number} {n} of {size}", "secret_name": "x"} for n in range(size)]
        if site.call("POST", "/api/v1/heroes/bulk/", heroes).status == 507:
            return
    raise AssertionError("There is still space.")
