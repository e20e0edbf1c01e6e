"""The user of an API token, looked up in one query together with what reading depends on."""

from functools import cache
from typing import NamedTuple

from django.contrib.auth.models import Permission
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from django.utils import timezone
from knox.crypto import hash_token

from heroesite.api.authentication import BearerAuthentication
from heroesite.api.models import ApiToken
from heroesite.records.models.base import Record

from .statements import Statement


class Caller(NamedTuple):
    """The user of a valid token, as far as reading depends on them."""

    digest: str
    user_id: int
    username: str


class CallerStatement(Statement):
    """Looks up a token, its user, and whether the user can see restricted values, in one query.

    Args:
        model: the record type whose restricted fields matter.
    """

    def __init__(self, model: type[Record]) -> None:
        allowed = Q()
        for permission in model.RESTRICTED.values():
            app_label, codename = permission.split(".")
            allowed |= Q(content_type__app_label=app_label, codename=codename)
        permissions = Permission.objects.filter(allowed) if model.RESTRICTED else Permission.objects.none()
        found = ApiToken.objects.filter(digest="").values_list(
            "expiry",
            "user_id",
            "user__username",
            "user__is_active",
            "user__is_superuser",
            Exists(permissions.filter(user=OuterRef("user"))),
            Exists(permissions.filter(group__user=OuterRef("user"))),
        )
        super().__init__(found.order_by())  # its last parameter is the digest
        self.has_restricted = bool(model.RESTRICTED)

    def find(self, text: bytes) -> Caller | None:
        """Return the caller, or None if the token isn't valid or its user sees restricted values."""
        digest = hash_token(text.decode())
        for expiry, user_id, username, is_active, *permitted in self.execute(*self.parameters[:-1], digest):
            is_valid = is_active and (expiry is None or expiry > timezone.now())
            sees_restricted = self.has_restricted and any(permitted)
            return Caller(digest, user_id, username) if is_valid and not sees_restricted else None
        return None


@cache
def caller_statement(model: type[Record]) -> CallerStatement:
    return CallerStatement(model)


def read_token(request: HttpRequest) -> bytes | None:
    """Return the token of a well-formed ``Authorization`` header."""
    words = request.META["HTTP_AUTHORIZATION"].encode("latin-1", "replace").split()
    if len(words) != 2 or words[0].lower() != b"bearer":
        return None
    token: bytes = words[1]
    return token if BearerAuthentication.token_format.fullmatch(token) else None
