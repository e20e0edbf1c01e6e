"""Sign-in by folded username."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from .models import FoldedUsername


class FoldedUsernameBackend(AuthenticationBackend):
    """Finds users by their folded name, so that all databases give the same result."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> AbstractBaseUser | None:
        if username := credentials.get("username"):
            user = FoldedUsername.objects.find_user(username)
            credentials["username"] = user.username if user else username
        return super().authenticate(request, **credentials)
