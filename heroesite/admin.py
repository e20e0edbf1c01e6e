"""Titles of the admin, and the admin of background jobs."""

import re

from django.apps import apps
from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django_tasks_db.models import DBTaskResult

from heroesite.records.admin.base import ReadOnlyModelAdmin

admin.site.unregister(DBTaskResult)

admin.site.site_title = admin.site.site_header = "heroesite"
admin.site.index_title = _("Register")
apps.get_app_config("django_tasks_database").verbose_name = _("Jobs")


@admin.register(DBTaskResult)
class JobAdmin(ReadOnlyModelAdmin):
    """Background jobs: which are waiting, and how the others ended."""

    list_display = ("task_path", "status", "run_after", "started_at", "finished_at")
    list_filter = ("status",)
    ordering = ("-enqueued_at",)

    def is_key(self, text: str) -> bool:
        return re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text) is not None
