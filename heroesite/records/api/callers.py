"""The user of an API token, looked up in one query together with what reading depends on."""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from django.contrib.auth.models import Permission
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils import timezone
from knox.crypto import hash_token

from heroesite.api.authentication import BearerAuthentication
from heroesite.api.models import ApiToken

from .statements import Statement

DIGEST = "digest"
"""Stands for the digest of a token while SQL is compiled."""


class Caller(NamedTuple):
    """The user of a valid token, as far as reading depends on them."""

    digest: str
    user_id: int
    username: str


class CallerStatement(Statement):
    """Looks up a token, its user, and whether the user can see restricted values, in one query.

    Args:
        restrictions: the permissions to see those values.
    """

    def __init__(self, restrictions: Iterable[str]) -> None:
        permissions = Permission.objects.none()
        for permission in restrictions:
            app_label, codename = permission.split(".")
            permissions |= Permission.objects.filter(content_type__app_label=app_label, codename=codename)
        found = ApiToken.objects.filter(digest=DIGEST).values_list(
            "expiry",
            "user_id",
            "user__username",
            "user__is_active",
            "user__is_superuser",
            Exists(permissions.filter(user=OuterRef("user"))),
            Exists(permissions.filter(group__user=OuterRef("user"))),
        )
        super().__init__(found.order_by())
        assert self.parameters[-1] == DIGEST
        self.has_restricted = bool(restrictions)

    def find(self, text: bytes) -> Caller | None:
        """Return the caller, or None if the token isn't valid or its user sees restricted values."""
        digest = hash_token(text.decode())
        for expiry, user_id, username, is_active, *permitted in self.execute(*self.parameters[:-1], digest):
            is_valid = is_active and (expiry is None or expiry > timezone.now())
            sees_restricted = self.has_restricted and any(permitted)
            return Caller(digest, user_id, username) if is_valid and not sees_restricted else None
        return None


@cache
def caller_statement(restrictions: frozenset[str]) -> CallerStatement:
    return CallerStatement(restrictions)


def read_token(request: HttpRequest) -> bytes | None:
    """Return the token of a well-formed ``Authorization`` header."""
    words = request.META["HTTP_AUTHORIZATION"].encode("latin-1", "replace").split()
    if len(words) != 2 or words[0].lower() != b"bearer":
        return None
    token: bytes = words[1]
    return token if BearerAuthentication.token_format.fullmatch(token) else None
