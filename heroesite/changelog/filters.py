"""The filters of change sets, on the website and at the API."""

from functools import cached_property
from typing import Any, ClassVar

import django_filters
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field

from heroesite.form_fields import PlainSelect
from heroesite.records.audit.change_sets import ChangeSet, Source
from heroesite.records.filters.filters import TEXT, ExactCountFilter, InstantFilter, QueryLineField
from heroesite.records.filters.filtersets import PagedFilterSet
from heroesite.records.filters.offset import Page, slice_page
from heroesite.records.models.base import record_models


def model_choices() -> list[tuple[str, str]]:
    return [
        (str(model._meta.model_name), capfirst(str(model._meta.verbose_name))) for model in record_models()
    ]


class RecordTypeFilter(django_filters.ChoiceFilter):
    """Finds the change sets that changed records of a type."""

    def filter(self, qs: QuerySet[ChangeSet], value: str) -> QuerySet[ChangeSet]:
        if not value:
            return qs
        [model] = [model for model in record_models() if model._meta.model_name == value]
        return qs.filter(Exists(model.history.filter(change_set=OuterRef("pk"))))


@extend_schema_field(TEXT)
class UserFilter(django_filters.Filter):
    field_class = QueryLineField


class ChangeSetFilterSet(PagedFilterSet):
    ON_PAGE: ClassVar[tuple[str, ...]] = ("source", "kind", "user", "at__gte", "at__lte")

    source = django_filters.ChoiceFilter(
        choices=Source.choices, label=_("Source"), empty_label=_("Any"), widget=PlainSelect
    )
    kind = RecordTypeFilter(
        choices=model_choices, label=_("Record type"), empty_label=_("Any"), widget=PlainSelect
    )
    user = UserFilter("username", label=_("Username"))
    at__gte = InstantFilter("at", "gte", label=_("From (UTC)"))
    at__lte = InstantFilter("at", "lte", label=_("To (UTC)"))
    count = ExactCountFilter()

    def read_page(self, rows: Any, offset: int, limit: int) -> Page:
        return slice_page(rows, offset, limit, is_exact=bool(self.form.cleaned_data["count"]))

    @cached_property
    def form(self) -> Any:
        """Remove the filter by user for visitors, who can't see users."""
        form = super().form
        if self.request and not self.request.user.is_authenticated:
            del form.fields["user"]
        return form
