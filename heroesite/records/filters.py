"""Finding records: one description of the query string for pages, API and schema.

For each field that everybody may see, the kind of the field decides its parameters:

========================  ============================================
a line of text            ``name`` (any case), ``name__icontains``
a whole number            ``age``, ``age__gte``, ``age__lte``
a link to another record  ``team``, ``team__isnull``
========================  ============================================
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, ClassVar

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db.models import F
from django.forms.utils import ErrorList
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from heroesite.text import fold, shown, validate_line

from .access import open_fields
from .fields import (
    InstantFormField,
    LineField,
    LineFormField,
    RecordChoiceField,
    RecordKey,
    WholeNumberFormField,
    between,
)
from .querysets import RecordQuerySet

LIMIT = 100
"""Records on one page, by default and at most."""
LAST_OFFSET = 1_000_000_000
SEARCH_WORDS, SEARCH_LENGTH = 10, 200
PAGING = ("ordering", "limit", "offset")
"""Parameters that leave no record out."""
MOST_FAULTS = 20
"""Faults of a query that one answer tells."""


class QueryLineField(LineFormField):
    """Text to compare with, under the rules for text that is kept."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs, validators=[validate_line, MaxLengthValidator(SEARCH_LENGTH)])


class SearchField(QueryLineField):
    widget = forms.TextInput(attrs={"type": "search"})

    def clean(self, value: Any) -> list[str]:
        words = super().clean(value).split()
        if len(words) > SEARCH_WORDS:
            message = _("Search for %(most)d words at most.")
            raise ValidationError(message, code="max_words", params={"most": SEARCH_WORDS})
        for word in words:
            validate_line(word)
        return words


@extend_schema_field(OpenApiTypes.STR)
class SearchFilter(django_filters.Filter):
    field_class = SearchField

    def filter(self, qs: RecordQuerySet, value: list[str]) -> RecordQuerySet:
        return qs.search(value)


class LineFilter(django_filters.Filter):
    """Compares folded text, on the folded copy of the field."""

    field_class = QueryLineField

    def filter(self, qs: Any, value: Any) -> Any:
        return super().filter(qs, fold(value) if value else value)


class WholeNumberFilter(django_filters.Filter):
    field_class = WholeNumberFormField


@extend_schema_field(OpenApiTypes.DATETIME)
class InstantFilter(django_filters.Filter):
    field_class = InstantFormField


class RecordFilter(django_filters.Filter):
    field_class = RecordChoiceField


@extend_schema_field({"type": "string", "enum": ["true", "false"]})
class IsNullFilter(django_filters.ChoiceFilter):
    """``true`` or ``false``, and nothing that might be taken for one of them."""

    def __init__(self, **kwargs: Any) -> None:
        choices = [("true", _("Without")), ("false", _("With"))]
        super().__init__(choices=choices, lookup_expr="isnull", empty_label=_("Both"), **kwargs)

    def filter(self, qs: Any, value: Any) -> Any:
        return super().filter(qs, {"true": True, "false": False}.get(value))


class PagingFilter(WholeNumberFilter):
    """``limit`` and ``offset``: checked like any parameter, and applied by whoever pages."""

    def __init__(self, smallest: int, largest: int, **kwargs: Any) -> None:
        super().__init__(validators=between(smallest, largest), **kwargs)
        extend_schema_field({"type": "integer", "minimum": smallest, "maximum": largest})(self)

    def filter(self, qs: Any, value: Any) -> Any:
        return qs


class RecordOrdering(django_filters.OrderingFilter):
    """A total order: missing values last on every database, the id breaking ties."""

    def get_ordering_value(self, param: str) -> Any:
        column = F(self.param_map[param.removeprefix("-")])
        return column.desc(nulls_last=True) if param.startswith("-") else column.asc(nulls_last=True)

    def filter(self, qs: Any, value: Any) -> Any:
        qs = super().filter(qs, value)
        return qs.order_by(*qs.query.order_by, "pk") if value else qs


class QueryForm(forms.Form):
    """The query string as a form that refuses what it does not know, or is told twice."""

    def full_clean(self) -> None:
        super().full_clean()
        for key in self.data:
            if len(self.errors) == MOST_FAULTS:
                break
            if key not in self.fields:
                near = get_close_matches(key, self.fields, n=1)
                words = (
                    _("There is no such parameter. Did you mean “{names}”?")
                    if near
                    else _("There is no such parameter; there are: {names}.")
                )
                self.refuse(key, format_lazy(words, names=", ".join(near or self.fields)), "unknown")
            elif hasattr(self.data, "getlist") and len(self.data.getlist(key)) > 1:
                self.refuse(key, _("Give this parameter once."), "repeated")

    @property
    def told(self) -> list[tuple[Any, str, ErrorList]]:
        """What is wrong: the label of each faulty parameter, the id of its field if it has one, the words."""
        fields = set(self.fields) - set(PAGING)
        return [
            (self[name].label, self[name].id_for_label, faults) if name in fields else (name, "", faults)
            for name, faults in self.errors.items()
        ]

    def refuse(self, key: str, message: Any, code: str) -> None:
        errors: Any = self.errors
        errors[shown(key)] = ErrorList([ValidationError(message, code=code)])


class AsOfForm(QueryForm):
    """The query of one record: as it is, or as it was then. An empty instant is none."""

    as_of = InstantFormField(required=False)

    def clean_as_of(self) -> datetime | None:
        instant: datetime | None = self.cleaned_data["as_of"]
        if instant is None and "as_of" in self.data:
            raise ValidationError(self.fields["as_of"].error_messages["invalid"], code="invalid")
        return instant


@dataclass(frozen=True)
class Page:
    """Some of what was found, and where it stands among all of it."""

    records: list[Any]
    count: int
    limit: int
    offset: int

    @property
    def first(self) -> int:
        return self.offset + 1

    @property
    def last(self) -> int:
        return self.offset + len(self.records)

    @property
    def next_offset(self) -> int | None:
        following = self.offset + self.limit
        return following if following < self.count else None

    @property
    def previous_offset(self) -> int | None:
        return max(self.offset - self.limit, 0) if self.offset else None


class PagedFilterSet(django_filters.FilterSet):
    """Parameters that are strict, and the page that they ask for.

    ``ON_PAGE`` are the parameters that a page always offers; others are shown there once they are in use.
    """

    ON_PAGE: ClassVar[tuple[str, ...]] = ()

    limit = PagingFilter(1, LIMIT, label=_("Rows on a page"))
    offset = PagingFilter(0, LAST_OFFSET, label=_("Rows before this page"))

    def get_form_class(self) -> type[forms.Form]:
        fields = {name: filter_.field for name, filter_ in self.filters.items()}
        return type("Form", (QueryForm,), fields)

    def page(self, found: Any = None) -> Page:
        """The page asked for; without rows where the query does not hold.

        Args:
            found: what to page through, where it is more than one queryset.
        """
        if not self.is_valid():
            return Page([], 0, LIMIT, 0)
        rows = self.qs if found is None else found
        values = self.form.cleaned_data
        limit, offset = values["limit"] or LIMIT, values["offset"] or 0
        return Page(list(rows[offset : offset + limit]), rows.count(), limit, offset)

    @property
    def shown(self) -> list[forms.BoundField]:
        """The parameters to offer on the page."""
        return [
            self.form[name]
            for name in self.form.fields
            if name in self.ON_PAGE or (self.form.data.get(name) and name not in PAGING)
        ]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The parameters that are not shown and stay when others are chosen, with what was asked."""
        asked = (
            (name, self.form.data.get(name)) for name in ("ordering", "limit") if name in self.form.fields
        )
        return [(name, value) for name, value in asked if value]

    @property
    def narrowed(self) -> bool:
        """Whether the query leaves rows out."""
        values: Mapping[str, Any] = getattr(self.form, "cleaned_data", {})
        return any(values.get(bound.name) not in (None, "", []) for bound in self.shown)


class RecordFilterSet(PagedFilterSet):
    """The parameters of one kind of record, read off its fields.

    A subclass names the model in ``Meta``.
    """

    ON_PAGE: ClassVar[tuple[str, ...]] = ("search",)

    @classmethod
    def get_filters(cls) -> dict[str, django_filters.Filter]:
        model = cls._meta.model
        if model is None:
            return {}
        filters = {"search": SearchFilter(label=_("Search"))}
        order = {}
        for name in open_fields(model):
            field = model._meta.get_field(name)
            filters.update(filters_of(field))
            order[column_of(field)] = name
        order |= {"created_at": "created_at", "updated_at": "updated_at"}
        return {**filters, "ordering": RecordOrdering(fields=order, label=_("Order")), **cls.declared_filters}


def column_of(field: Any) -> str:
    """The column by which ``field`` is compared and ordered."""
    if isinstance(field, RecordKey):
        return f"{field.name}__name_key"
    return f"{field.name}_key" if isinstance(field, LineField) else field.name


def filters_of(field: Any) -> Iterator[tuple[str, django_filters.Filter]]:
    name, column = field.name, column_of(field)

    def called(words: Any) -> Any:
        return format_lazy(words, label=capfirst(field.verbose_name))

    if isinstance(field, LineField):
        yield name, LineFilter(column, label=called("{label}"))
        yield f"{name}__icontains", LineFilter(column, "contains", label=called(_("{label} holds")))
    elif isinstance(field, RecordKey):
        related: Any = field.related_model
        yield (
            name,
            RecordFilter(
                name,
                label=called("{label}"),
                queryset=related.objects.all(),
                empty_label=_("Any"),
                error_messages={"invalid_choice": field.error_messages["invalid"]},
            ),
        )
        yield (
            f"{name}__isnull",
            IsNullFilter(
                field_name=name, label=format_lazy(_("With or without {label}"), label=field.verbose_name)
            ),
        )
    else:
        yield name, WholeNumberFilter(name, label=called("{label}"))
        yield f"{name}__gte", WholeNumberFilter(name, "gte", label=called(_("{label} from")))
        yield f"{name}__lte", WholeNumberFilter(name, "lte", label=called(_("{label} to")))
