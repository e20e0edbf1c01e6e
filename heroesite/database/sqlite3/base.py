"""Django's SQLite backend, with a database file that only its owner can read."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base

from heroesite.database.files import create_private

from .kept_connections import identity, kept_connections, path_of


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that remembers what it has looked up in the schema.

    Attributes:
        schema: what was looked up, by name; see :mod:`heroesite.records.models.search_indexes`.
    """

    schema: dict[str, Any]

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if not self.is_in_memory_db():
            with suppress(OSError):  # SQLite reports it
                create_private(Path(conn_params["database"]))
        self.schema = {}
        return super().get_new_connection(conn_params)

    def connect(self) -> None:
        opened = identity(path_of(self))
        super().connect()
        kept_connections.keep(self, opened)
