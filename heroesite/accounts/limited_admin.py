"""Admin of users and groups, limited to those with no more permissions than the administrator."""

from typing import Any, NamedTuple

from django.contrib import admin, messages
from django.contrib.admin import actions
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import Permission, User
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from heroesite.errors import error_response
from heroesite.records.admin.base import StrictModelAdmin

from .permissions import describe, missing_permissions


class Excess(NamedTuple):
    """An object with permissions that the administrator doesn't have.

    Args:
        holder: the object.
        permissions: the names of those permissions.
    """

    holder: Any
    permissions: list[Any]


class LimitedAdmin(StrictModelAdmin):
    """Lets nobody change or delete an object that has permissions that they don't have."""

    cannot_change: Any
    cannot_delete: Any
    """What to say, with ``%(name)s`` and ``%(permissions)s``."""
    actions = ("delete_selected",)

    def permissions_of(self, objects: QuerySet[Any]) -> QuerySet[Permission]:
        """Return the permissions that any of ``objects`` has."""
        raise NotImplementedError

    def holding(self, permissions: list[Permission]) -> Q:
        """Return the condition that an object has any of ``permissions``."""
        raise NotImplementedError

    def find_excess(self, user: User, objects: QuerySet[Any]) -> Excess | None:
        """Return the first of ``objects`` that has permissions that ``user`` doesn't have."""
        if user.is_superuser:
            return None
        missing = missing_permissions(user, self.permissions_of(objects))
        holder = objects.filter(self.holding(missing)).first()
        if holder is None:
            return None
        one = self.model.objects.filter(pk=holder.pk)
        return Excess(holder, list(missing_permissions(user, self.permissions_of(one))))

    def exceeds(self, request: HttpRequest, obj: Any) -> bool:
        return bool(obj and self.find_excess(request.user, self.model.objects.filter(pk=obj.pk)))  # type: ignore[arg-type]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not self.exceeds(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not self.exceeds(request, obj)

    def explain(self, request: HttpRequest, objects: QuerySet[Any], message: Any) -> str:
        """Return ``message`` about the first of ``objects`` that is out of reach; empty if none is."""
        excess = self.find_excess(request.user, objects)  # type: ignore[arg-type]
        if excess is None:
            return ""
        return message % {"name": excess.holder, "permissions": describe(excess.permissions)}

    def explain_one(self, request: HttpRequest, object_id: str, message: Any) -> str:
        key = unquote(object_id)
        return self.explain(request, self.model.objects.filter(pk=key), message) if self.is_key(key) else ""

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show an object that is out of reach, say why it can't be changed, and refuse to change it."""
        if self.has_change_permission(request) and (
            reason := self.explain_one(request, object_id, self.cannot_change)
        ):
            if request.method == "POST":
                return error_response(request, 403, reason)
            messages.warning(request, reason)
        return super().change_view(request, object_id, *args, **kwargs)

    def delete_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.has_delete_permission(request) and (
            reason := self.explain_one(request, object_id, self.cannot_delete)
        ):
            return error_response(request, 403, reason)
        return super().delete_view(request, object_id, *args, **kwargs)

    @admin.action(permissions=["delete"], description=_("Delete selected %(verbose_name_plural)s"))
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Delete none if any is out of reach."""
        if reason := self.explain(request, queryset, self.cannot_delete):
            messages.error(request, reason)
            return None
        return actions.delete_selected(self, request, queryset)

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, *args, **kwargs)  # a class of its own for each request
        form.granted_by = request.user
        return form
