"""Context processors: values that every template has."""

import logging
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from .database.outages import outage_of

log = logging.getLogger(__name__)


def available_user(request: HttpRequest) -> dict[str, Any]:
    """Return ``user``: a visitor if the database can't be asked who it is.

    Language, documentation and error pages need no database. They work during an outage, for people who
    are signed in as well.
    """

    def look_up() -> Any:
        user = getattr(request, "user", AnonymousUser())
        try:
            return user if user.is_authenticated else AnonymousUser()
        except DatabaseError as error:
            outage = outage_of(error)
            if outage is None:
                raise
            log.warning("The user is shown this page as a visitor: %s", outage.reason)
            request.user = AnonymousUser()
            return request.user

    return {"user": SimpleLazyObject(look_up)}
