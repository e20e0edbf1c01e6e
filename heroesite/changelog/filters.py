"""What change sets are found by, at the page and the API alike."""

from typing import Any, ClassVar

import django_filters
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field

from heroesite.records.audit.change_sets import ChangeSet, Source
from heroesite.records.filters.filters import TEXT, InstantFilter, QueryLineField
from heroesite.records.filters.filtersets import PagedFilterSet
from heroesite.records.models.base import record_models


def kinds() -> list[tuple[str, str]]:
    return [(str(kind._meta.model_name), capfirst(str(kind._meta.verbose_name))) for kind in record_models()]


@extend_schema_field(TEXT)
class UserFilter(django_filters.Filter):
    field_class = QueryLineField


class ChangeSetFilterSet(PagedFilterSet):
    ON_PAGE: ClassVar[tuple[str, ...]] = ("door", "kind", "user", "at__gte", "at__lte")

    door = django_filters.ChoiceFilter(choices=Source.choices, label=_("Source"), empty_label=_("Any"))
    kind = django_filters.ChoiceFilter(
        choices=kinds, label=_("Kind"), empty_label=_("Any"), method="filter_kind"
    )
    user = UserFilter("username", label=_("User name"))
    at__gte = InstantFilter("at", "gte", label=_("From (UTC)"))
    at__lte = InstantFilter("at", "lte", label=_("To (UTC)"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.request and not self.request.user.is_authenticated:
            del self.filters["user"]

    def filter_kind(self, found: QuerySet[ChangeSet], _name: str, value: str) -> QuerySet[ChangeSet]:
        [kind] = [kind for kind in record_models() if kind._meta.model_name == value]
        return found.filter(Exists(kind.history.filter(change_set=OuterRef("pk"))))
