"""Look up an API token, its user and their permissions in one query."""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from django.contrib.auth.models import Permission
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from knox.crypto import hash_token
from rest_framework.authentication import get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from heroesite.api.authentication import BearerAuthentication
from heroesite.api.models import ApiToken, has_expired

from .statements import Statement

DIGEST = "digest"
"""A placeholder in the compiled SQL, which is replaced by the digest of a token."""


class Caller(NamedTuple):
    """A valid token, and its user."""

    digest: str
    user_id: int
    username: str


class CallerStatement(Statement):
    """Looks up a token, its user, and whether the user can see restricted values, in one query.

    Args:
        restrictions: the permissions that are required to see restricted values.
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
        """Return the caller, or None if the token isn't valid or its user can see restricted values."""
        digest = hash_token(text.decode())
        for expiry, user_id, username, is_active, *permitted in self.execute(*self.parameters[:-1], digest):
            is_valid = is_active and not has_expired(expiry)
            sees_restricted = self.has_restricted and any(permitted)
            return Caller(digest, user_id, username) if is_valid and not sees_restricted else None
        return None


@cache
def caller_statement(restrictions: frozenset[str]) -> CallerStatement:
    return CallerStatement(restrictions)


def read_token(request: HttpRequest) -> bytes | None:
    """Return the token of the ``Authorization`` header, or None if it is malformed."""
    words = get_authorization_header(request).split()  # type: ignore[arg-type]
    if not words:
        return None
    try:
        token = BearerAuthentication().read_token(words)
    except AuthenticationFailed:
        return None
    return token if BearerAuthentication.token_format.fullmatch(token) else None
