"""Only its owner can read the SQLite database, since it contains secrets."""

import sqlite3
from contextlib import closing
from stat import S_IMODE

from .processes import manage, serving


def mode(path):
    return oct(S_IMODE(path.stat().st_mode))


def modes(folder):
    """Return the modes of all files of the database while it is in use, by their suffix."""
    with closing(sqlite3.connect(folder / "register.sqlite3")) as database:
        database.execute("SELECT * FROM django_migrations")
        return {path.suffix: mode(path) for path in folder.glob("register.sqlite3*")}


def test_a_new_database_and_its_folder_are_private(tmp_path):
    folder = tmp_path / "new"
    with serving(tmp_path, DATABASE_URL=f"sqlite:///{folder}/register.sqlite3") as (_site, printed):
        assert not [line for line in printed if "chmod" in line]
        assert {".sqlite3", ".sqlite3-wal", ".sqlite3-shm"} <= modes(folder).keys()
        assert set(modes(folder).values()) == {"0o600"}
        assert mode(folder) == "0o700"


def test_a_database_created_by_a_command_is_private(tmp_path):
    assert manage(tmp_path, "migrate", "teams", "0001").returncode == 0
    assert mode(tmp_path / "register.sqlite3") == "0o600"


def test_an_existing_database_becomes_private_and_its_folder_gets_a_warning(register_folder):
    register_folder.chmod(0o755)
    (register_folder / "register.sqlite3").chmod(0o644)
    with serving(register_folder) as (_site, printed):
        assert (
            f"Other users could read {register_folder}/register.sqlite3. Now only its owner can." in printed
        )
        assert (
            "Warning: other users can open the folder of the database."
            f" To restrict it: chmod 700 {register_folder}" in printed
        )
        assert set(modes(register_folder).values()) == {"0o600"}
        assert mode(register_folder) == "0o755"
