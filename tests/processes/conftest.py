"""Databases for sites in separate processes."""

from urllib.parse import urlsplit

import psycopg
import pytest

from tests.__main__ import postgresql


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory):
    """The DATABASE_URL of a PostgreSQL server for these tests only."""
    tmp_path_factory.getbasetemp()  # before the server changes the temporary folder
    with postgresql() as url:
        yield url


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def empty_database(request, tmp_path):
    """The DATABASE_URL of an empty database, on SQLite and on PostgreSQL."""
    if request.param == "SQLite":
        return f"sqlite:///{tmp_path}/register.sqlite3"
    server = request.getfixturevalue("postgresql_server")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {tmp_path.name}")
    return urlsplit(server)._replace(path=f"/{tmp_path.name}").geturl()
