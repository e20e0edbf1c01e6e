"""Finding records: one description of the query string for pages, API and schema.

For each field that everybody may see, the kind of the field decides its parameters:

===========================  =================================================================
a line of text               ``name`` (any case), ``name__icontains``, ``name__istartswith``
a whole number               ``age``, ``age__gte``, ``age__lte``, ``age__isnull``
a link to another record     ``team``, ``team__isnull``, ``team__name``
links from other records     ``heroes__count__gte``, ``heroes__count__lte``
when it was made or changed  ``created_at__gte``, ``created_at__lte``, ``updated_at__gte``, …
===========================  =================================================================
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import django_filters
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.utils.http import urlencode
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _

from heroesite.records.filters.filters import (
    CountFilter,
    CursorFilter,
    IdsFilter,
    InstantFilter,
    IsNullFilter,
    LineFilter,
    NamesFilter,
    PagingFilter,
    RecordFilter,
    RecordOrdering,
    SearchFilter,
    WholeNumberFilter,
)
from heroesite.records.filters.forms import KEPT, PAGING, QueryForm
from heroesite.records.filters.sparse_fields import SparseFields, member_name, row_members
from heroesite.records.models.fields import LineField, RecordForeignKey
from heroesite.records.permissions import unrestricted_fields

LIMIT = 100
"""Records on one page, by default and at most."""
LAST_OFFSET = 1_000_000_000


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
        return type("Form", (QueryForm,), {**fields, "takes_empty": True})

    def page(self, found: Any = None) -> Page:
        """The page asked for; without rows where the query does not hold.

        Args:
            found: what to page through, where it is more than one queryset.
        """
        if self.is_valid() and self.form.cleaned_data.get("cursor"):
            self.form.refuse("cursor", _("Pages are turned by offset; the API takes a cursor."), "cursor")
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
    def shape(self) -> SparseFields:
        """The members asked for, by a query that holds."""
        return SparseFields.asked(self.form.cleaned_data)

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The parameters that are not shown and stay when others are chosen, with what was asked."""
        asked = ((name, self.form.data.get(name)) for name in KEPT if name in self.form.fields)
        return [(name, value) for name, value in asked if value]

    @property
    def lasting(self) -> str:
        """The query without what is empty and without the place in the list, in one order: to be kept."""
        asked = {name: value for name, value in self.form.data.items() if value}
        return urlencode(sorted((name, asked[name]) for name in asked if name not in ("offset", "cursor")))

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
        filters = {"search": SearchFilter(label=_("Search")), "id__in": IdsFilter("id", "in", label=_("Ids"))}
        order = {}
        for name in unrestricted_fields(model):
            field = model._meta.get_field(name)
            filters.update(filters_of(field))
            order[name] = column_of(field)
        for link in model.incoming_links():
            filters.update(filters_of_count(link))
        for name in ("created_at", "updated_at"):
            filters.update(
                filters_of_range(InstantFilter, name, capfirst(model._meta.get_field(name).verbose_name))
            )
            order[name] = name
        named = {"ordering": RecordOrdering(order, label=_("Order")), **dict(filters_of_shape(model))}
        return {
            **filters,
            **named,
            "cursor": CursorFilter(max_length=4000, label=_("* or a cursor")),
            **cls.declared_filters,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        user = getattr(self.request, "user", AnonymousUser())
        for name in ("fields", "omit"):
            if name in self.filters:
                names = [*row_members(user, self._meta.model), *self._meta.model.link_names()]
                self.filters[name].extra["names"] = names


def column_of(field: Any) -> str:
    """The column by which ``field`` is compared and ordered."""
    if isinstance(field, RecordForeignKey):
        return f"{field.name}__name_key"
    return f"{field.name}_key" if isinstance(field, LineField) else field.name


def filters_of(field: Any) -> Iterator[tuple[str, django_filters.Filter]]:
    name, column = field.name, column_of(field)

    def called(words: Any) -> Any:
        return format_lazy(words, label=capfirst(field.verbose_name))

    if isinstance(field, LineField):
        yield name, LineFilter(column, label=called("{label}"))
        yield f"{name}__icontains", LineFilter(column, "contains", label=called(_("{label} holds")))
        yield f"{name}__istartswith", LineFilter(column, "startswith", label=called(_("{label} begins with")))
    elif isinstance(field, RecordForeignKey):
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
        yield f"{name}__name", LineFilter(column, label=called(_("Name of the {label}")))
    else:
        yield name, WholeNumberFilter(name, label=called("{label}"))
        yield from filters_of_range(WholeNumberFilter, name, capfirst(field.verbose_name))
    if field.null:
        with_or_without = format_lazy(_("With or without {label}"), label=field.verbose_name)
        yield f"{name}__isnull", IsNullFilter(field_name=name, label=with_or_without)


def filters_of_range(
    kind: type[django_filters.Filter], name: str, label: Any
) -> Iterator[tuple[str, django_filters.Filter]]:
    yield f"{name}__gte", kind(name, "gte", label=format_lazy(_("{label} from"), label=label))
    yield f"{name}__lte", kind(name, "lte", label=format_lazy(_("{label} to"), label=label))


def filters_of_count(link: RecordForeignKey) -> Iterator[tuple[str, django_filters.Filter]]:
    name, label = link.remote_field.name, capfirst(link.model._meta.verbose_name_plural)
    yield (
        f"{name}__count__gte",
        CountFilter(link, "gte", label=format_lazy(_("{label}, at least"), label=label)),
    )
    yield (
        f"{name}__count__lte",
        CountFilter(link, "lte", label=format_lazy(_("{label}, at most"), label=label)),
    )


def filters_of_shape(model: Any) -> Iterator[tuple[str, django_filters.Filter]]:
    """``fields`` and ``omit``, whose names depend on who asks, and ``expand`` where there are links."""
    names = [member_name(name, model) for name in model.FIELDS]
    for name, label in (("fields", _("Only these members")), ("omit", _("Not these members"))):
        yield name, NamesFilter(names=["id", *names, *model.AUTOMATIC, *model.link_names()], label=label)
    if model.link_names():
        yield "expand", NamesFilter(names=model.link_names(), label=_("With the records that these lead to"))
