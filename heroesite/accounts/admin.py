"""Admin of users, groups and API tokens."""

import re
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db import IntegrityError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from heroesite.api.models import ApiToken
from heroesite.errors import error_response
from heroesite.records.admin.base import ReadOnlyModelAdmin
from heroesite.records.retries import is_conflict

from .admin_forms import AddUserForm, ChangeUserForm, GroupForm, SetPasswordForm
from .limited_admin import Excess, LimitedAdmin
from .models import UsernameTaken

for model in (User, Group, EmailAddress):
    admin.site.unregister(model)


@admin.register(User)
class LimitedUserAdmin(LimitedAdmin, UserAdmin):
    add_form = AddUserForm
    form = ChangeUserForm
    change_password_form = SetPasswordForm
    cannot_change = _(
        "You can't change %(name)s. They have permissions that you don't have: %(permissions)s."
        " Ask an administrator who has them."
    )
    cannot_delete = _(
        "You can't delete %(name)s. They have permissions that you don't have: %(permissions)s."
        " Ask an administrator who has them."
    )

    def permissions_of(self, objects: QuerySet[User]) -> QuerySet[Permission]:
        """Return their permissions, also while they are inactive: activating them is one more change."""
        return Permission.objects.filter(Q(user__in=objects) | Q(group__user__in=objects))

    def holding(self, permissions: list[Permission]) -> Q:
        direct, grouped = Q(user_permissions__in=permissions), Q(groups__permissions__in=permissions)
        return Q(is_superuser=True) | direct | grouped

    def find_excess(self, user: User, objects: QuerySet[User]) -> Excess | None:
        excess = super().find_excess(user, objects)
        if excess and excess.holder.is_superuser:
            excess.permissions.insert(0, _("superuser status"))
        return excess

    def user_change_password(self, request: HttpRequest, id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.has_change_permission(request) and (
            reason := self.explain_one(request, id, self.cannot_change)
        ):
            return error_response(request, 403, reason)
        return super().user_change_password(request, id, *args, **kwargs)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Check the form again if another administrator has taken the username since it was checked."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except (IntegrityError, UsernameTaken) as error:
            if isinstance(error, IntegrityError) and not is_conflict(error):
                raise
            return super().changeform_view(request, *args, **kwargs)


@admin.register(Group)
class LimitedGroupAdmin(LimitedAdmin, GroupAdmin):
    form = GroupForm
    cannot_change = _(
        "You can't change %(name)s. It has permissions that you don't have: %(permissions)s."
        " Ask an administrator who has them."
    )
    cannot_delete = _(
        "You can't delete %(name)s. It has permissions that you don't have: %(permissions)s."
        " Ask an administrator who has them."
    )

    def permissions_of(self, objects: QuerySet[Group]) -> QuerySet[Permission]:
        return Permission.objects.filter(group__in=objects)

    def holding(self, permissions: list[Permission]) -> Q:
        return Q(permissions__in=permissions)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyModelAdmin):
    """API tokens, which administrators can revoke but neither create nor change."""

    list_display = ("name", "username", "starts_with", "read_only", "created_at", "expires")
    list_select_related = ("user",)
    list_display_links = None
    list_filter = ("read_only",)
    search_fields = ("name", "user__username")

    @admin.display(description=_("user"), ordering="user__username")
    def username(self, token: ApiToken) -> str:
        return token.user.get_username()

    @admin.display(description=_("created"), ordering="created")
    def created_at(self, token: ApiToken) -> Any:
        return token.created

    @admin.display(description=_("starts with"), ordering="token_key")
    def starts_with(self, token: ApiToken) -> str:
        return token.token_key

    @admin.display(description=_("expires"), ordering="expiry")
    def expires(self, token: ApiToken) -> Any:
        return token.expiry

    def is_key(self, text: str) -> bool:
        return re.fullmatch("[0-9a-f]{128}", text) is not None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super(ReadOnlyModelAdmin, self).has_delete_permission(request, obj)
