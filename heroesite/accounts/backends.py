"""Sign-in by folded username."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import Group, Permission
from django.db.models import Q
from django.http import HttpRequest

from .models import FoldedUsername


class FoldedUsernameBackend(AuthenticationBackend):
    """Finds users by their folded name, so that all databases give the same result."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return the permissions of an active user and of their groups, in one query instead of two."""
        if obj is not None or not user_obj.is_active or user_obj.is_anonymous or user_obj.is_superuser:
            return super().get_all_permissions(user_obj, obj)
        if not hasattr(user_obj, "_perm_cache"):
            users = user_obj.user_permissions.through.objects.filter(user=user_obj)
            groups = user_obj.groups.through.objects.filter(user=user_obj)
            granted_to_groups = Group.permissions.through.objects.filter(group__in=groups.values("group"))
            permissions = Permission.objects.filter(
                Q(pk__in=users.values("permission")) | Q(pk__in=granted_to_groups.values("permission"))
            )
            names = permissions.order_by().values_list("content_type__app_label", "codename")
            user_obj._perm_cache = {f"{app_label}.{codename}" for app_label, codename in names}
        granted: set[str] = user_obj._perm_cache
        return granted

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> AbstractBaseUser | None:
        if username := credentials.get("username"):
            user = FoldedUsername.objects.find_user(username)
            credentials["username"] = user.username if user else username
        return super().authenticate(request, **credentials)
