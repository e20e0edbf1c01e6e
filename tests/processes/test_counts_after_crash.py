"""Counts are correct after PostgreSQL has crashed and reuses snapshots for different data."""

import os
import signal

import psycopg

from tests.__main__ import postgresql_server

from .processes import is_running, wait_until
from .sites import prepare, running
from .test_outages import start

HEROES = "/api/v1/heroes/?limit=1"
HERO = {"name": "Nightjar", "secret_name": "Nora Hidden"}


def test_the_count_is_correct_after_a_crash_that_lost_a_record(tmp_path):
    with postgresql_server() as server:
        with psycopg.connect(server.get_uri(), autocommit=True) as superuser:
            superuser.execute("CREATE DATABASE crash")
            superuser.execute(
                "ALTER SYSTEM SET wal_writer_delay = '10s'"
            )  # so that nothing is flushed before the crash
            superuser.execute("SELECT pg_reload_conf()")
        url = server.get_uri("crash")
        keys = prepare(tmp_path, DATABASE_URL=url)
        unflushed = f"{url}&options=-c%20synchronous_commit%3Doff"
        with running(tmp_path, keys, DATABASE_URL=unflushed) as site:
            counts = [site.request("GET", HEROES).json["count"] for _time in range(3)]
            assert site.call("POST", "/api/v1/heroes/", HERO).status == 201
            counts.append(site.request("GET", HEROES).json["count"])
            postmaster = server.get_pid()
            os.kill(postmaster, signal.SIGQUIT)
            wait_until(lambda: not is_running(postmaster))
            start(server)
            wait_until(lambda: site.request("GET", HEROES).status == 200)
            counts.append(site.request("GET", HEROES).json["count"])
        with psycopg.connect(url) as connection:
            stored = connection.execute("SELECT COUNT(*) FROM heroes_hero").fetchone()[0]
    assert counts == [60, 60, 60, 61, 60]
    assert stored == 60
