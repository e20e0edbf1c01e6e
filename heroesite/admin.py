"""The admin of people, whom staff add and put in groups, and of what the site did by itself."""

import re
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_tasks_db.models import DBTaskResult

from heroesite.api.models import ApiToken
from heroesite.records.admin.base import ReadOnlyModelAdmin, StrictModelAdmin

for model in (User, Group, EmailAddress, DBTaskResult):
    admin.site.unregister(model)

admin.site.site_title = admin.site.site_header = "heroesite"
admin.site.index_title = _("Register")


@admin.register(User)
class GuardedUserAdmin(StrictModelAdmin, UserAdmin):
    pass


@admin.register(Group)
class GuardedGroupAdmin(StrictModelAdmin, GroupAdmin):
    pass


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyModelAdmin):
    """Tokens as far as they can be seen; taking one away is all that staff can do with it."""

    list_display = ("name", "user", "token_key", "read_only", "created", "expiry")
    list_display_links = None
    list_filter = ("read_only",)
    search_fields = ("name", "user__username")

    def is_key(self, text: str) -> bool:
        return re.fullmatch("[0-9a-f]{128}", text) is not None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super(ReadOnlyModelAdmin, self).has_delete_permission(request, obj)


@admin.register(DBTaskResult)
class JobAdmin(ReadOnlyModelAdmin):
    """Jobs: what waits, and how it ended."""

    list_display = ("task_path", "status", "run_after", "started_at", "finished_at")
    list_filter = ("status",)
    ordering = ("-enqueued_at",)

    def is_key(self, text: str) -> bool:
        return re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text) is not None
