"""Admin of users, groups and API tokens."""

import re
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest

from heroesite.api.models import ApiToken
from heroesite.records.admin.base import ReadOnlyModelAdmin, StrictModelAdmin

for model in (User, Group, EmailAddress):
    admin.site.unregister(model)


@admin.register(User)
class GuardedUserAdmin(StrictModelAdmin, UserAdmin):
    pass


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
