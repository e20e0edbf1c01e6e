"""Django's SQLite backend, with a database file that only its owner can read."""

from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakSet

from django.db.backends.sqlite3 import base

from heroesite.database.files import create_private

from .kept_connections import identity, kept_connections, path_of


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that remembers what it has looked up in the schema.

    Attributes:
        schema: what was looked up, by name; see :mod:`heroesite.records.models.search_indexes`.
        cursors: the cursors in use, and those that the traceback of an error refers to.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.schema: dict[str, Any] = {}
        self.cursors: WeakSet[Any] = WeakSet()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if not self.is_in_memory_db():
            with suppress(OSError):  # SQLite reports it
                create_private(Path(conn_params["database"]))
        self.schema, self.cursors = {}, WeakSet()
        return super().get_new_connection(conn_params)

    def ensure_connection(self) -> None:
        with self.wrap_database_errors:
            is_first_use = kept_connections.begin_use()
        if is_first_use:
            self.close_if_unusable_or_obsolete()
        super().ensure_connection()

    def close_if_unusable_or_obsolete(self) -> None:
        """Prepare for a request. Its start and its first use of the database call this."""
        if not kept_connections.is_idle():
            super().close_if_unusable_or_obsolete()

    def connect(self) -> None:
        opened = identity(path_of(self))
        super().connect()
        kept_connections.keep(self, opened)

    def create_cursor(self, name: str | None = None) -> Any:
        cursor = super().create_cursor(name)
        self.cursors.add(cursor)
        return cursor

    def close(self) -> None:
        """Close the connection and its cursors, without which SQLite would keep the file open."""
        if self.connection is not None and not self.closed_in_transaction:
            for cursor in list(self.cursors):
                cursor.close()
        super().close()
