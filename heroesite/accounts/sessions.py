"""Sessions in the database, as Django's, which are loaded with SQL that is compiled once."""

from functools import cache
from typing import Any

from django.contrib.sessions.backends import db
from django.utils import timezone

from heroesite.database.statements import Statement


@cache
def session_statement(model: Any) -> Statement:
    """Return the statement for the data and the end of the session with a key, its parameter."""
    return Statement(model.objects.filter(session_key="").values_list("session_data", "expire_date"))


class SessionStore(db.SessionStore):
    """The sessions of ``SESSION_ENGINE``."""

    def load(self) -> dict[str, Any]:
        """Return the data of the session. If there is none or it has expired, forget its key."""
        for data, end in session_statement(self.model).execute(self.session_key):
            if end > timezone.now():
                loaded: dict[str, Any] = self.decode(data)
                return loaded
        self._session_key = None
        return {}
