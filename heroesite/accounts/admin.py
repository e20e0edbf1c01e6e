"""Admin of users, groups and API tokens."""

import re
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db import IntegrityError
from django.http import HttpRequest

from heroesite.api.models import ApiToken
from heroesite.records.admin.base import ReadOnlyModelAdmin, StrictModelAdmin

from .forms import AddUserForm, ChangeUserForm, SetPasswordForm
from .models import UsernameTaken

for model in (User, Group, EmailAddress):
    admin.site.unregister(model)


@admin.register(User)
class GuardedUserAdmin(StrictModelAdmin, UserAdmin):
    add_form = AddUserForm
    form = ChangeUserForm
    change_password_form = SetPasswordForm

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Check the form again if another administrator has taken the username since it was checked."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except (IntegrityError, UsernameTaken):
            return super().changeform_view(request, *args, **kwargs)


@admin.register(Group)
class GuardedGroupAdmin(StrictModelAdmin, GroupAdmin):
    pass


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyModelAdmin):
    """API tokens, which administrators can revoke but neither create nor change."""

    list_display = ("name", "user", "token_key", "read_only", "created", "expiry")
    list_display_links = None
    list_filter = ("read_only",)
    search_fields = ("name", "user__username")

    def is_key(self, text: str) -> bool:
        return re.fullmatch("[0-9a-f]{128}", text) is not None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super(ReadOnlyModelAdmin, self).has_delete_permission(request, obj)
