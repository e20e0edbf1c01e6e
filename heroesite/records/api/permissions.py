"""Permissions of requests to the API."""

from typing import Any

from rest_framework import permissions
from rest_framework.request import Request

from heroesite.api.authentication import reject_read_only_token
from heroesite.records.permissions import is_allowed, permission_message

ACTIONS = {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}


class RecordPermission(permissions.BasePermission):
    """Allow what the user is allowed to do on the website and in the admin."""

    def has_permission(self, request: Request, view: Any) -> bool:
        method = request.method or ""
        action = ACTIONS.get(method, "view") if method in view.allowed_methods else "view"
        if action != "view":
            reject_read_only_token(request)
        if is_allowed(request.user, action, view.model):
            return True
        self.message = permission_message(action, view.model)
        return False


class AuthenticatedWritePermission(RecordPermission):
    """Allow signed-in users to write; the view checks the permissions for the records."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method not in ACTIONS or request.method not in view.allowed_methods:
            return super().has_permission(request, view)
        reject_read_only_token(request)
        return bool(request.user.is_authenticated)
