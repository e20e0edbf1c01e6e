"""Filters by the linked record, and by the number of records that link to a record."""

from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from heroesite.ids import is_id
from heroesite.record_choices import RecordChoiceField, TypedName
from heroesite.records.models.fields import RecordForeignKey

from .filters import WholeNumberFilter

NULL = "null"
"""The value of a parameter that selects records without a link."""
LINK = {
    "oneOf": [
        {"type": "integer", "description": "The id of a record."},
        {"type": "string", "enum": [NULL], "description": "No record."},
    ]
}
"""The OpenAPI schema of a parameter that selects a record or none."""


class LinkField(RecordChoiceField):
    """Select a record by its id. A deleted record is valid, but no record links to it.

    Args:
        null_label: the label of the choice ``null``, which selects no record; empty if a link is required.
    """

    def __init__(self, *args: Any, null_label: Any = "", **kwargs: Any) -> None:
        self.null_label = null_label
        super().__init__(*args, **kwargs)

    def to_python(self, value: Any) -> Any:
        if self.null_label and value == NULL and not isinstance(value, TypedName):
            return NULL
        try:
            return super().to_python(value)
        except ValidationError:
            entry = self.queryset.model.deletion_entry(value) if is_id(str(value)) else None  # type: ignore[union-attr]
            if entry is None:
                raise
            self.known[str(entry.id)] = _("%(name)s (deleted)") % {"name": entry.name}
            return entry.instance

    def fixed_options(self) -> list[tuple[str, Any]]:
        return [*super().fixed_options(), *([(NULL, self.null_label)] if self.null_label else [])]


class RecordFilter(django_filters.Filter):
    """Find the records that link to a record or, with ``null``, to none."""

    field_class = LinkField

    def __init__(self, field_name: str, **kwargs: Any) -> None:
        super().__init__(field_name, **kwargs)
        extend_schema_field(LINK if kwargs.get("null_label") else OpenApiTypes.INT)(self)

    def filter(self, qs: Any, value: Any) -> Any:
        if value == NULL:
            return qs.filter(**{f"{self.field_name}__isnull": True})
        return super().filter(qs, value)


def count_annotation(link: RecordForeignKey) -> str:
    """Return the name under which :func:`with_link_count` annotates the records."""
    return f"{link.remote_field.name}_count"


def with_link_count(records: Any, link: RecordForeignKey) -> Any:
    """Annotate ``records`` with the number of records that link to each, in the same query.

    This reads only the link's index.
    """
    model: Any = link.model
    linked = model.objects.filter(**{link.name: OuterRef("pk")}).order_by()
    counts = linked.values(link.name).annotate(count=Count("*")).values("count")
    return records.alias(**{count_annotation(link): Coalesce(Subquery(counts), 0)})


class CountFilter(WholeNumberFilter):
    """Filter by the number of records that link to a record."""

    def __init__(self, link: RecordForeignKey, lookup_expr: str, **kwargs: Any) -> None:
        self.link = link
        super().__init__(lookup_expr=lookup_expr, **kwargs)

    def filter(self, qs: Any, value: Any) -> Any:
        if value is None:
            return qs
        lookup = f"{count_annotation(self.link)}__{self.lookup_expr}"
        return with_link_count(qs, self.link).filter(**{lookup: value})
