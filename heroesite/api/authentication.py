"""How a program says who it is: a bearer token (RFC 6750)."""

import re
from typing import Any

from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from .limits import Limits


def refuse_reading_token(request: Request) -> None:
    """Refuse to write by a token that is for reading only.

    Raises:
        PermissionDenied: it is.
    """
    if getattr(request.auth, "read_only", False):
        raise PermissionDenied("This token is for reading only. Make one for writing under /account/tokens/.")


class BearerAuthentication(TokenAuthentication):
    """``Authorization: Bearer <token>``; refused where the token is unknown, revoked or expired."""

    form = re.compile(rb"[0-9a-f]{64}")

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        try:
            return super().authenticate(request)
        except AuthenticationFailed:
            Limits().count(request, [Limits.address(request)])
            raise

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        if not self.form.fullmatch(token):
            raise AuthenticationFailed("The token is not valid. Make a new one under /account/tokens/.")
        return super().authenticate_credentials(token)

    def _cleanup_token(self, auth_token: Any) -> bool:
        """Whether the token has expired; a GET deletes nothing, and its owner still sees it listed."""
        return auth_token.is_expired
