"""The registry of field types: how each type of model field is filtered, sorted and sent as JSON.

Forms follow from the model field's own ``formfield``, and columns and the history from its ``attname`` and
its value, so neither needs an entry here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import django_filters
from django.db import models
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from .filters.filters import (
    InstantFilter,
    IsNullFilter,
    LineFilter,
    WholeNumberFilter,
)
from .filters.links import CountFilter, RecordFilter
from .models.fields import BoundedIntegerField, LineField, RecordForeignKey
from .serializer_fields import IntegerField, StringField

NamedFilters = Iterator[tuple[str, django_filters.Filter]]
BOUNDS = {"gte": _("Min. {label}"), "lte": _("Max. {label}")}


@dataclass(frozen=True)
class FieldType:
    """How one type of model field works outside the model.

    Args:
        filters: yields a field's parameters: for each its name and its filter.
        serializer_field: returns the class of the JSON member, and its arguments.
        column: returns the column that rows are sorted by.
    """

    filters: Callable[[Any], NamedFilters]
    serializer_field: Callable[[Any], tuple[type[serializers.Field], dict[str, Any]]]
    column: Callable[[Any], str]


class UnregisteredFieldType(TypeError):
    """A model field of a type that isn't in the registry."""


def get_field_type(field: models.Field) -> FieldType:
    """Return the type of a record's field.

    Raises:
        UnregisteredFieldType: it isn't registered; see :mod:`heroesite.records.checks`.
    """
    for model_field_class in type(field).__mro__:
        if model_field_class in FIELD_TYPES:
            return FIELD_TYPES[model_field_class]
    raise UnregisteredFieldType(f"{field} is a {type(field).__name__}, which is not a registered field type.")


def label(template: Any, field: Any) -> Any:
    """Return the label of a parameter, such as “Name contains”."""
    return format_lazy(template, label=capfirst(field.verbose_name))


def isnull_filters(field: Any) -> NamedFilters:
    if field.null:
        message = label(_("{label} missing"), field)
        yield f"{field.name}__isnull", IsNullFilter(field_name=field.name, label=message)


def datetime_filters(field: Any) -> NamedFilters:
    yield f"{field.name}__gte", InstantFilter(field.name, "gte", label=label(_("{label} since"), field))
    yield f"{field.name}__lte", InstantFilter(field.name, "lte", label=label(_("{label} until"), field))


def line_filters(field: LineField) -> NamedFilters:
    name, column = field.name, line_column(field)
    yield name, LineFilter(column, label=label("{label}", field))
    yield f"{name}__icontains", LineFilter(column, "contains", label=label(_("{label} contains"), field))
    yield (
        f"{name}__istartswith",
        LineFilter(column, "startswith", label=label(_("{label} starts with"), field)),
    )
    yield from isnull_filters(field)


def integer_filters(field: BoundedIntegerField) -> NamedFilters:
    yield field.name, WholeNumberFilter(field.name, label=label("{label}", field))
    for lookup, template in BOUNDS.items():
        message = format_lazy(template, label=field.verbose_name)
        yield f"{field.name}__{lookup}", WholeNumberFilter(field.name, lookup, label=message)
    yield from isnull_filters(field)


def link_filters(field: RecordForeignKey) -> NamedFilters:
    name, related = field.name, field.related_model
    yield (
        name,
        RecordFilter(
            name,
            label=label("{label}", field),
            queryset=related.objects.all(),  # type: ignore[union-attr]
            empty_label=_("Any"),
            null_label=capfirst(field.empty_label) if field.null else "",
            error_messages={
                "invalid_choice": _("There is no such record. Use the id of a record, or null for no record.")
                if field.null
                else field.error_messages["invalid"]
            },
        ),
    )
    yield f"{name}__name", LineFilter(link_column(field), label=label(_("{label} name"), field))
    yield from isnull_filters(field)


def incoming_link_filters(link: RecordForeignKey) -> NamedFilters:
    """Yield the parameters of a link's other side: how many records link to one."""
    name = link.remote_field.name
    for lookup, template in BOUNDS.items():
        message = format_lazy(template, label=link.model._meta.verbose_name_plural)
        yield f"{name}__count__{lookup}", CountFilter(link, lookup, label=message)


def json_arguments(field: Any) -> dict[str, Any]:
    return {"label": field.verbose_name, "required": not field.blank, "allow_null": field.null}


def null_description(field: LineField) -> dict[str, Any]:
    """Return the description of optional text, which says how an empty string is treated."""
    return {"help_text": "Null if there is no text. An empty string is stored as null."} if field.null else {}


def line_column(field: LineField) -> str:
    return f"{field.name}_key"


def link_column(field: RecordForeignKey) -> str:
    return f"{field.name}__name_key"


FIELD_TYPES: dict[type[models.Field], FieldType] = {
    LineField: FieldType(
        filters=line_filters,
        serializer_field=lambda field: (
            StringField,
            {"max_length": field.max_length, **json_arguments(field), **null_description(field)},
        ),
        column=line_column,
    ),
    BoundedIntegerField: FieldType(
        filters=integer_filters,
        serializer_field=lambda field: (
            IntegerField,
            {"min_value": field.min_value, "max_value": field.max_value, **json_arguments(field)},
        ),
        column=lambda field: field.name,
    ),
    RecordForeignKey: FieldType(
        filters=link_filters,
        serializer_field=lambda field: (IntegerField, {"min_value": 1, **json_arguments(field)}),
        column=link_column,
    ),
}
"""Each model field class that a record can list in ``FIELDS``, and how it works."""
