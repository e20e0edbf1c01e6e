"""Permissions of the files of an SQLite database: it contains secrets, so only its owner may read it."""

import os
from contextlib import suppress
from pathlib import Path
from stat import S_IRWXG, S_IRWXO

from django.utils.translation import gettext as _

OTHERS = S_IRWXG | S_IRWXO
COMPANIONS = ("-wal", "-shm", "-journal")
"""Suffixes of the files that SQLite creates beside a database, with the permissions of the database."""


def create_private(file: Path) -> None:
    """Create an empty file that only its owner can read, unless there is one.

    An existing file isn't opened: to close it would drop the locks that this process has on it.

    Raises:
        OSError: the file can't be created.
    """
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def create_private_folder(folder: Path) -> bool:
    """Create a folder that only its owner can open, unless there is one. Returns whether it is new.

    Raises:
        OSError: the folder can't be created.
    """
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        return False
    return True


def make_private(database: Path) -> list[str]:
    """Restrict the files of a database to their owner, and create a folder for them if there is none.

    Returns:
        a message about each file that was restricted, and about what the administrator should restrict.

    Raises:
        OSError: the folder can't be created.
    """
    messages = []
    folder = database.parent
    if not create_private_folder(folder) and folder.stat().st_mode & OTHERS:
        message = _("Warning: other users can open the folder of the database. To restrict it: %(command)s")
        messages.append(message % {"command": f"chmod 700 {folder}"})
    database = database.resolve()  # SQLite follows links too
    for file in (database, *(database.with_name(database.name + suffix) for suffix in COMPANIONS)):
        if file.exists() and file.stat().st_mode & OTHERS:
            messages.append(restrict(file))
    return messages


def restrict(file: Path) -> str:
    """Restrict a file to its owner. Returns a message about the result."""
    try:
        file.chmod(0o600)
    except OSError:
        message = _("Warning: other users can read %(file)s. To restrict it: %(command)s")
    else:
        message = _("Other users could read %(file)s. Now only its owner can.")
    return message % {"file": file, "command": f"chmod 600 {file}"}
