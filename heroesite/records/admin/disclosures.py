"""The admin of disclosures: who was shown which restricted values."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from heroesite.ids import is_id
from heroesite.records.admin.base import ReadOnlyModelAdmin
from heroesite.records.audit.disclosures import Disclosure


@admin.register(Disclosure)
class DisclosureAdmin(ReadOnlyModelAdmin):
    list_display = ("at", "username", "source", "kind", "field", "count")
    list_filter = ("source", "kind")
    search_fields = ("username", "kind")
    search_help_text = _(
        "Search by username, type or record ID. For example, “hero 5” finds everyone who viewed hero 5."
    )

    def search(self, request: HttpRequest, queryset: Any, words: list[str]) -> tuple[Any, bool]:
        """A number is the id of a record, which the list of ids is searched for as text."""
        ids = [word for word in words if is_id(word)]
        queryset = queryset.annotate(listed=Cast("ids", TextField())).filter(
            *(Q(listed__regex=rf"[\[ ]{int(word)}[,\]]") for word in ids)
        )
        return super().search(request, queryset, [word for word in words if not is_id(word)])

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_staff

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """All staff read who was shown what: it holds no secret itself."""
        return request.user.is_staff

    @admin.display(description=_("records"))
    def count(self, disclosure: Disclosure) -> int:
        return len(disclosure.ids)
