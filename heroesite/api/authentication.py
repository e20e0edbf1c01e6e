"""How API clients authenticate: a bearer token (RFC 6750), or a session with its CSRF token."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from django.http import HttpRequest
from knox.crypto import hash_token
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from heroesite.database.statements import InstanceStatement
from heroesite.users import permission_lists, set_permissions

from .limits import address_of, count_request
from .models import ApiToken

SEND_TOKEN = "Send Authorization: Bearer <token>."  # noqa: S105
INVALID = "The token is invalid, expired or revoked. Create another one at /account/tokens/."


def reject_read_only_token(request: Request) -> None:
    """Reject a write with a read-only token.

    Raises:
        PermissionDenied: the request was authenticated with one.
    """
    if getattr(request.auth, "read_only", False):
        raise PermissionDenied("This token is read-only. Create another one at /account/tokens/.")


TokenQuery = Callable[[str], ApiToken | None]
"""Returns the token with a digest, as :func:`token_statement` loads it, or None."""


@cache
def token_statement() -> InstanceStatement:
    """Return the statement that loads a token, its user and the user's permissions."""
    tokens = ApiToken.objects.order_by().annotate(**permission_lists("user_id"))
    return InstanceStatement(tokens.filter(digest=""), links=["user"])


class BearerAuthentication(authentication.BaseAuthentication):
    """Authenticates by ``Authorization: Bearer <token>``, and refuses every other scheme."""

    token_format = re.compile(rb"[0-9a-f]{64}")

    def authenticate(self, request: Request) -> tuple[Any, ApiToken] | None:
        """Return the user and the token, or None if the request has no ``Authorization`` header.

        A view with a method ``query_token`` queries the token itself. A failure counts towards the limit of
        the client's address.

        Raises:
            AuthenticationFailed: see :meth:`find_digest` and :meth:`load_token`.
        """
        query = getattr(request.parser_context["view"], "query_token", None)
        try:
            digest = self.find_digest(request)
            token = self.load_token(digest, query) if digest else None
        except AuthenticationFailed:
            count_request(request._request, [address_of(request)])
            raise
        return (token.user, token) if token else None

    def find_digest(self, request: HttpRequest | Request) -> str | None:
        """Return the digest of a request's token, or None without an ``Authorization`` header.

        Raises:
            AuthenticationFailed: the header is malformed.
        """
        words = request.META.get("HTTP_AUTHORIZATION", "").encode("latin-1").split()
        if not words:
            return None
        text = self.read_token(words)
        if not self.token_format.fullmatch(text):
            raise AuthenticationFailed(INVALID)
        digest: str = hash_token(text.decode())
        return digest

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def read_token(self, words: list[bytes]) -> bytes:
        """Return the token among the words of the header, which might be a token without its scheme: no
        message repeats them."""
        if words[0].lower() != b"bearer":
            raise AuthenticationFailed(f"Unsupported authorization scheme. {SEND_TOKEN}")
        if len(words) != 2:
            raise AuthenticationFailed(f"Malformed Authorization header. {SEND_TOKEN}")
        return words[1]

    def load_token(self, digest: str, query: TokenQuery | None = None) -> ApiToken:
        """Return the token with this digest, with its user and the user's permissions.

        Args:
            query: queries the token; None for a query of its own.

        Raises:
            AuthenticationFailed: the token is unknown, expired or revoked, or its user is inactive.
        """
        token: ApiToken | None = (query or token_statement().load)(digest)
        if not token or token.is_expired:
            raise AuthenticationFailed(INVALID)
        if not token.user.is_active:
            raise AuthenticationFailed(
                "The user of this token is inactive. Ask an administrator to activate it."
            )
        set_permissions(token.user, token)
        return token


class SessionAuthentication(authentication.SessionAuthentication):
    """Authenticates by the session of the website."""

    def enforce_csrf(self, request: Request) -> None:
        """Check the CSRF token. A failure counts towards the limit of the client's address."""
        try:
            super().enforce_csrf(request)
        except PermissionDenied:
            count_request(request._request, [address_of(request)])
            raise PermissionDenied(
                "Send the CSRF token of the session in the header X-CSRFToken,"
                " or Authorization: Bearer <token>."
            ) from None
