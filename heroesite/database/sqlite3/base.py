"""Django's SQLite backend, with a private file, and with connections that are kept between requests.

To open a connection takes longer than most queries. But an administrator can copy, move or replace the file
of an idle server, as if no process had opened it: after each request, the write-ahead log is written to the
file, and a connection is closed if the file isn't the one that it opened.
"""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base

from heroesite.database.files import create_private

Signature = tuple[int, int, int, int]
"""What distinguishes a file from another one, or from an earlier state of itself."""


class DatabaseWrapper(base.DatabaseWrapper):
    signature: Signature | None = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if not self.is_in_memory_db():
            with suppress(OSError):  # SQLite reports it
                create_private(Path(conn_params["database"]))
        connection = super().get_new_connection(conn_params)
        self.signature = self.read_signature()
        return connection

    def close_if_unusable_or_obsolete(self) -> None:
        """Prepare for the next request; Django calls this before and after each one."""
        super().close_if_unusable_or_obsolete()
        if self.connection is None or self.is_in_memory_db():
            return
        if self.signature != self.read_signature():
            self.close()
        elif self.has_log():
            self.write_log()

    def has_log(self) -> bool:
        try:
            return os.stat(f"{self.settings_dict['NAME']}-wal").st_size > 0
        except OSError:
            return False

    def write_log(self) -> None:
        """Write the write-ahead log to the file. If another connection is in use, it does so later."""
        timeout = round(self.settings_dict["OPTIONS"]["timeout"] * 1000)
        self.connection.execute("PRAGMA busy_timeout = 0")
        with suppress(sqlite3.OperationalError):  # such as a full disk: the log remains valid
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self.signature = self.read_signature()
        self.connection.execute(f"PRAGMA busy_timeout = {timeout}")

    def read_signature(self) -> Signature | None:
        """Return the signature of the file, or None if there is no file."""
        try:
            found = os.stat(self.settings_dict["NAME"])
        except OSError:
            return None
        return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size
