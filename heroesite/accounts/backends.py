"""Sign-in by folded username, and permissions that are loaded together with the user."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from heroesite.users import load_user

from .models import FoldedUsername


class FoldedUsernameBackend(AuthenticationBackend):
    """Finds users by their folded name, so that all databases give the same result.

    The user of a session or a token is loaded with all permissions in one query.
    """

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> AbstractBaseUser | None:
        if username := credentials.get("username"):
            user = FoldedUsername.objects.find_user(username)
            credentials["username"] = user.username if user else username
        return super().authenticate(request, **credentials)

    def get_user(self, user_id: int) -> AbstractBaseUser | None:
        user = load_user(user_id)
        return user if user and self.user_can_authenticate(user) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        loaded: set[str] | None = getattr(user_obj, "loaded_permissions", None)
        if loaded is None or not user_obj.is_active or user_obj.is_superuser or obj is not None:
            return super().get_all_permissions(user_obj, obj)
        return loaded
