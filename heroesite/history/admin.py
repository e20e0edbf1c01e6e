"""Change sets in the admin: to look through, and to undo on the page that says first what that does."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from heroesite.records.changes import ChangeSet
from heroesite.records.guarded_admin import ReadOnlyAdmin


@admin.register(ChangeSet)
class ChangeSetAdmin(ReadOnlyAdmin):
    list_display = ("at", "username", "token", "door", "note", "what", "undo")
    list_filter = ("door",)
    search_fields = ("username", "token", "note")
    fields = ("at", "username", "token", "door", "note", "undoes", "what", "undo")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_staff

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """All staff look through the history, as at the pages."""
        return request.user.is_staff

    @admin.display(description=_("what"))
    def what(self, change_set: ChangeSet) -> str:
        address = reverse("history:detail", args=[change_set.pk])
        return format_html('<a href="{}">{}</a>', address, _("What was changed"))

    @admin.display(description=_("undo"))
    def undo(self, change_set: ChangeSet) -> str:
        return format_html('<a href="{}">{}</a>', reverse("history:undo", args=[change_set.pk]), _("Undo"))
