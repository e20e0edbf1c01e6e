"""The file of an SQLite database can be copied, moved and replaced while there is no log beside it."""

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from socket import create_connection

import pytest

from .processes import wait_until
from .sites import prepare, running

HEROES = "/api/v1/heroes/?limit=1"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with a register, and an administrator's keys."""
    folder = tmp_path_factory.mktemp("sqlite_files")
    (folder / "data").mkdir()
    return folder, prepare(folder, DATABASE_URL=f"sqlite:///{folder}/data/register.sqlite3")


@pytest.fixture
def site(prepared, tmp_path):
    """A running site in which all threads have used the database."""
    folder, keys = prepared
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    with running(tmp_path, keys, DATABASE_URL=f"sqlite:///{tmp_path}/data/register.sqlite3") as site:
        use_all_connections(site)
        yield site


@pytest.fixture
def file(tmp_path):
    return tmp_path / "data/register.sqlite3"


def use_all_connections(site):
    with ThreadPoolExecutor(12) as threads:
        for response in threads.map(lambda _number: site.request("GET", HEROES), range(60)):
            assert response.status == 200, site.log.read_text()[-3000:]


def create(site, name):
    assert site.call("POST", "/api/v1/heroes/", {"name": name, "secret_name": "Nora"}).status == 201


def names(file):
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {name for (name,) in database.execute("SELECT name FROM heroes_hero")}


def count(site):
    use_all_connections(site)
    return site.request("GET", HEROES).json["count"]


def wait_until_idle(file):
    """Wait until the site has closed its connections, so that there is no write-ahead log."""
    wait_until(lambda: not file.with_name(f"{file.name}-wal").exists())


def test_a_copy_of_the_file_is_complete(site, file, tmp_path):
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: create(site, f"Heron {number}"), range(20)))
    wait_until_idle(file)
    shutil.copyfile(file, tmp_path / "copy.sqlite3")
    assert {f"Heron {number}" for number in range(20)} <= names(tmp_path / "copy.sqlite3")


def test_the_file_is_complete_after_errors(site, file):
    """The tracebacks of errors refer to cursors, which would keep the file open."""
    with closing(sqlite3.connect(file)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE heroes_hero SET name = 'Owl' WHERE id = 1")
        for _time in range(3):
            assert site.call("PATCH", "/api/v1/heroes/1", {"age": 1}).status == 503
        writer.commit()
    wait_until_idle(file)
    assert "Owl" in names(file)


def test_the_file_is_complete_while_clients_are_slow(site, file):
    with closing(create_connection(("127.0.0.1", site.port))) as sender:
        sender.sendall(b"POST /api/v1/heroes/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
        with closing(create_connection(("127.0.0.1", site.port))) as reader:
            reader.sendall(b"GET /api/v1/heroes/?expand=team HTTP/1.1\r\nHost: localhost\r\n\r\n" * 400)
            create(site, "Owl")
            wait_until_idle(file)
            assert "Owl" in names(file)


@pytest.mark.parametrize("replace", [shutil.copyfile, shutil.move], ids=["overwritten", "replaced"])
def test_a_backup_can_be_restored(replace, site, file, tmp_path):
    wait_until_idle(file)
    shutil.copyfile(file, tmp_path / "backup.sqlite3")
    before = count(site)
    create(site, "Owl")
    assert count(site) == before + 1
    wait_until_idle(file)
    replace(tmp_path / "backup.sqlite3", file)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: create(site, f"Heron {number}"), range(30)))
    create(site, "Wren")
    assert count(site) == before + 31
    assert "Owl" not in names(file)
    assert "Wren" in names(file)


def test_the_file_can_be_moved_away_and_back(site, file, tmp_path):
    create(site, "Owl")
    wait_until_idle(file)
    file.parent.rename(tmp_path / "moved")
    assert site.request("GET", HEROES).status == 503
    (tmp_path / "moved").rename(file.parent)
    create(site, "Wren")
    assert {"Owl", "Wren"} <= names(file)
