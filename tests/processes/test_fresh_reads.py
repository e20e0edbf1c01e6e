"""No response is older than a commit that its client can know of, although counts and pages are stored."""

import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from tests.__main__ import postgresql_server

from .pgbouncer import pgbouncer
from .processes import manage, wait_until
from .sites import prepare, running

READS = {
    "page": lambda site, hero: site.request("GET", f"/heroes/{hero}/"),
    "page of a list": lambda site, _hero: site.request("GET", "/heroes/?age__gte=800000"),
    "API": lambda site, hero: site.request("GET", f"/api/v1/heroes/{hero}"),
}
FIRST_AGE = 900_000


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL server that allows prepared transactions and standbys."""
    with postgresql_server() as server:
        with psycopg.connect(server.get_uri(), autocommit=True) as superuser:
            superuser.execute("CREATE DATABASE fresh")
            superuser.execute("ALTER SYSTEM SET max_prepared_transactions = 5")
            folder = superuser.execute("SELECT setting FROM pg_config WHERE name = 'BINDIR'").fetchone()[0]
            server.programs = Path(folder)
        control(server, server.pgdata, "stop")
        server.ensure_postgres_running()
        yield server


def control(server, data, *arguments):
    """Start or stop a PostgreSQL server."""
    run(server, "pg_ctl", "--pgdata", data, "--wait", *arguments)


def run(server, program, *arguments):
    """Run a program of PostgreSQL as the user of the server."""
    command = [server.programs / program, *arguments]
    subprocess.run(command, user=server.system_user, check=True, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def keys(server, tmp_path_factory):
    return prepare(tmp_path_factory.mktemp("keys"), DATABASE_URL=server.get_uri("fresh"))


def run_site(folder, keys, url):
    return running(folder, keys, DATABASE_URL=url, WEB_CONCURRENCY="2")


def newest_age(response):
    """Return the largest number in a response that a writer has set."""
    numbers = re.findall(r"(?<![.\d])9\d{5}\b", response.text.replace(",", ""))  # not of microseconds
    return max(map(int, numbers), default=0)


def patch(site, hero, age, failures):
    """Set the age of a hero. If this fails because of an outage, try again."""
    path = f"/api/v1/heroes/{hero}"
    assert wait_until(lambda: {site.call("PATCH", path, {"age": age}).status} - failures) == {200}


def check_history(site, seed, failures=frozenset()):
    """Write in three threads, and check in four others that responses contain what was written before.

    Args:
        failures: the statuses of requests that can fail because of an outage.
    """
    written = dict.fromkeys((1, 2, 3), FIRST_AGE)

    def write(hero):
        for age in range(FIRST_AGE + 1, FIRST_AGE + 60):
            patch(site, hero, age, failures)
            written[hero] = age

    def read(number):
        choices = random.Random(f"{seed} {number}")
        for _time in range(150):
            hero, name = choices.choice(list(written)), choices.choice(list(READS))
            known = written[hero]
            response = READS[name](site, hero)
            assert response.status == 200 or response.status in failures, response.text
            if response.status == 200:
                assert newest_age(response) >= (known if known > FIRST_AGE else 0), (name, hero, known)

    for hero in written:
        patch(site, hero, FIRST_AGE, failures)
    with ThreadPoolExecutor(7) as threads:
        writers = [threads.submit(write, hero) for hero in written]
        readers = [threads.submit(read, number) for number in range(4)]
        for future in [*writers, *readers]:
            future.result()


def test_reads_on_sqlite(tmp_path):
    url = f"sqlite:///{tmp_path}/register.sqlite3"
    with run_site(tmp_path, prepare(tmp_path, DATABASE_URL=url), url) as site:
        check_history(site, 1)


def test_reads_on_postgresql(server, keys, tmp_path):
    with run_site(tmp_path, keys, server.get_uri("fresh")) as site:
        check_history(site, 2)


def test_reads_through_pgbouncer(server, keys, tmp_path):
    """Each statement can reach another connection to the server."""
    with pgbouncer(server, "fresh", connections=3) as url, run_site(tmp_path, keys, url) as site:
        check_history(site, 3)


def test_reads_while_processes_of_postgresql_are_killed(server, keys, tmp_path):
    """PostgreSQL ends all connections and recovers if one of its processes is killed."""
    url = server.get_uri("fresh")
    find = "SELECT pid FROM pg_stat_activity WHERE datname = 'fresh' AND pid <> pg_backend_pid() LIMIT 1"

    def kill_one():
        with psycopg.connect(url) as connection:
            row = connection.execute(find).fetchone()
        if row:
            os.kill(row[0], signal.SIGKILL)

    with run_site(tmp_path, keys, url) as site, ThreadPoolExecutor(1) as threads:
        history = threads.submit(check_history, site, 4, failures={503})
        kills = 0
        while kills < 5 and not history.done():
            with suppress(psycopg.OperationalError):  # it is recovering
                kill_one()
                kills += 1
            wait_until(lambda: site.request("GET", "/api/v1/heroes/1").status == 200)
        history.result()
    assert kills > 1


ISSUE_TOKEN = """
from django.contrib.auth.models import User
from heroesite.api.models import ApiToken

_token, text = ApiToken.objects.issue(User.objects.create_user("reader"))
print(text)
"""


def check_callers(folder, url, execute):
    """Check that all processes know at once whether a user is active, which they read with other data.

    Args:
        execute: executes SQL in a transaction of its own.
    """
    keys = prepare(folder, DATABASE_URL=url)
    ran = manage(folder, "shell", "--no-imports", "--command", ISSUE_TOKEN, DATABASE_URL=url)
    reader = {"Authorization": f"Bearer {ran.stdout.strip()}"}
    with run_site(folder, keys, url) as site:
        for path in ("/api/v1/heroes/1", "/api/v1/heroes/", "/api/v1/heroes/?cursor=*"):
            for is_active in [True, False] * 10:
                execute(f"UPDATE auth_user SET is_active = {is_active} WHERE username = 'reader'")
                statuses = [site.request("GET", path, **reader).status for _time in range(12)]
                assert statuses == [200 if is_active else 401] * 12


def test_callers_on_sqlite(tmp_path):
    file = tmp_path / "register.sqlite3"

    def execute(sql):
        with sqlite3.connect(file, timeout=30) as connection:
            connection.execute(sql)
        connection.close()

    check_callers(tmp_path, f"sqlite:///{file}", execute)


def test_callers_on_postgresql(server, tmp_path):
    with psycopg.connect(server.get_uri(), autocommit=True) as superuser:
        superuser.execute("CREATE DATABASE callers")
    url = server.get_uri("callers")
    with psycopg.connect(url, autocommit=True) as connection:
        check_callers(tmp_path, url, connection.execute)


def read_often(site, hero):
    """Return the newest age in the stored responses of all processes."""
    responses = [send(site, hero) for _time in range(10) for send in READS.values()]
    assert {response.status for response in responses} == {200}
    ages = {newest_age(response) for response in responses}
    assert len(ages) == 1
    return ages.pop()


def test_prepared_transactions_and_rollbacks(server, keys, tmp_path):
    url = server.get_uri("fresh")
    update = "UPDATE heroes_hero SET age = %s WHERE id = 1"
    with run_site(tmp_path, keys, url) as site, psycopg.connect(url, autocommit=True) as writer:
        writer.execute("UPDATE heroes_hero SET age = NULL WHERE age > 1000")
        writer.execute(update, [FIRST_AGE])
        assert read_often(site, 1) == FIRST_AGE
        for age, end in [(FIRST_AGE + 1, "COMMIT"), (FIRST_AGE + 2, "ROLLBACK"), (FIRST_AGE + 3, "COMMIT")]:
            before = read_often(site, 1)
            writer.execute("BEGIN")
            writer.execute("SAVEPOINT one")
            writer.execute(update, [FIRST_AGE + 9])
            writer.execute("ROLLBACK TO SAVEPOINT one")
            writer.execute(update, [age])
            writer.execute("PREPARE TRANSACTION 'two phases'")
            assert read_often(site, 1) == before
            writer.execute(f"{end} PREPARED 'two phases'")
            assert read_often(site, 1) == (age if end == "COMMIT" else before)


def test_a_standby_that_is_promoted(server, keys, tmp_path):
    """On a standby, nothing is stored: its snapshots omit transactions that are running on the primary."""
    folder = Path(server.pgdata).with_name("standby")
    folder.mkdir()
    shutil.chown(folder, server.system_user)
    data = folder / "data"
    run(server, "pg_basebackup", "--write-recovery-conf", "--pgdata", data, "--dbname", server.get_uri())
    options = f"-c listen_addresses= -c unix_socket_directories={folder}"
    control(server, data, "--log", folder / "log", "--options", options, "start")
    url = f"postgresql://postgres@/fresh?host={folder}"
    update = "UPDATE heroes_hero SET age = %s WHERE id = 1"
    try:
        with (
            run_site(tmp_path, keys, url) as site,
            psycopg.connect(server.get_uri("fresh"), autocommit=True) as primary,
            psycopg.connect(server.get_uri("fresh")) as oldest,
            psycopg.connect(server.get_uri("fresh")) as writer,
            psycopg.connect(url, autocommit=True) as standby,
        ):

            def replicated(hero, age):
                row = standby.execute("SELECT age FROM heroes_hero WHERE id = %s", [hero]).fetchone()
                return row == (age,)

            primary.execute("UPDATE heroes_hero SET age = NULL WHERE age > 1000")
            oldest.execute("SELECT pg_current_xact_id()")
            for age in range(FIRST_AGE, FIRST_AGE + 3):
                writer.execute(update, [age])
                primary.execute("UPDATE heroes_hero SET age = %s WHERE id = 2", [age % 1000])
                wait_until(lambda age=age: replicated(2, age % 1000))
                read_often(site, 1)
                writer.commit()
                wait_until(lambda age=age: replicated(1, age))
                assert read_often(site, 1) == age
            standby.execute("SELECT pg_promote()")
            for age in range(FIRST_AGE + 5, FIRST_AGE + 9):
                standby.execute(update, [age])
                assert read_often(site, 1) == age
    finally:
        control(server, data, "stop")
