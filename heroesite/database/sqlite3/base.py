"""Django's SQLite backend, with a database file that only its owner can read.

Connections are persistent. Before each request, the health check closes those whose file has been moved,
deleted or replaced: SQLite would go on with the former file.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base

from heroesite.database.files import create_private


class DatabaseWrapper(base.DatabaseWrapper):
    file: tuple[int, int] | None = None
    """The file that the connection has opened."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if not self.is_in_memory_db():
            with suppress(OSError):  # SQLite reports it
                create_private(Path(conn_params["database"]))
        connection = super().get_new_connection(conn_params)
        self.file = self.find_file()
        return connection

    def find_file(self) -> tuple[int, int] | None:
        """Return the device and the inode of the database file, or None if there is none."""
        with suppress(OSError):
            status = os.stat(self.settings_dict["NAME"])
            return status.st_dev, status.st_ino
        return None

    def is_usable(self) -> bool:
        return self.file == self.find_file()
