"""The admin of change sets, which can be undone there."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from heroesite.changelog.undo_views import UndoView
from heroesite.records.admin.base import ReadOnlyModelAdmin
from heroesite.records.admin.records import RecordChangeList, RecordPaginator
from heroesite.records.audit.change_sets import ChangeSet


class AdminUndoView(UndoView):
    """The undo page in the admin."""

    template_name = "admin/records/undo.html"
    detail_url_name = "admin:records_changeset_change"
    admin_site: Any = None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        title = _("Undo %(change_set)s") % {"change_set": kwargs["change_set"]}
        admin_context = {
            **self.admin_site.each_context(self.request),
            "title": title,
            "opts": ChangeSet._meta,
        }
        return super().get_context_data(**admin_context, **kwargs)


@admin.register(ChangeSet)
class ChangeSetAdmin(ReadOnlyModelAdmin):
    list_display = ("at", "username", "token", "source", "note", "details", "undo")
    list_filter = ("source",)
    show_full_result_count = False
    paginator = RecordPaginator
    search_fields = ("username", "token", "note")
    fields = ("at", "username", "token", "source", "note", "undoes", "details", "undo")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_staff

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """All staff can view the history, as on the website."""
        return request.user.is_staff

    @admin.display(description=_("changes"))
    def details(self, change_set: ChangeSet) -> str:
        address = reverse("history:detail", args=[change_set.pk])
        return format_html('<a href="{}">{}</a>', address, _("Show changes"))

    @admin.display(description=_("undo"))
    def undo(self, change_set: ChangeSet) -> str:
        address = reverse("admin:records_changeset_undo", args=[change_set.pk])
        return format_html('<a href="{}">{}</a>', address, _("Undo"))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RecordChangeList

    def get_urls(self) -> list[Any]:
        undo = self.admin_site.admin_view(AdminUndoView.as_view(admin_site=self.admin_site))
        return [path("<int:pk>/undo/", undo, name="records_changeset_undo"), *super().get_urls()]
