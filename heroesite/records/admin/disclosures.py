"""The admin of disclosures: who has seen which restricted values."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from heroesite.ids import is_id
from heroesite.records.admin.base import ReadOnlyModelAdmin
from heroesite.records.audit.disclosures import Disclosure
from heroesite.records.models.base import record_models


@admin.register(Disclosure)
class DisclosureAdmin(ReadOnlyModelAdmin):
    list_display = ("at", "username", "source", "kind", "field", "count")
    list_filter = ("source", "kind")
    search_fields = ("username", "kind")

    @property
    def search_help_text(self) -> str:  # type: ignore[override]
        restricted = next((str(model._meta.model_name) for model in record_models() if model.RESTRICTED), "")
        text = _(
            "Search by username, type or record ID. For example, “%(type)s 5” finds everyone who viewed"
            " %(type)s 5."
        )
        return text % {"type": restricted}

    def search(self, request: HttpRequest, queryset: Any, words: list[str]) -> tuple[Any, bool]:
        """Search the ids as text for each number among ``words``."""
        ids = [word for word in words if is_id(word)]
        queryset = queryset.annotate(listed=Cast("ids", TextField())).filter(
            *(Q(listed__regex=rf"[\[ ]{int(word)}[,\]]") for word in ids)
        )
        return super().search(request, queryset, [word for word in words if not is_id(word)])

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_staff

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """All staff can view the log, which doesn't contain the values."""
        return request.user.is_staff

    @admin.display(description=_("records"))
    def count(self, disclosure: Disclosure) -> int:
        return len(disclosure.ids)
