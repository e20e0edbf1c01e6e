"""The query string of a list as a FilterSet: one description for pages, admin, API and its schema.

Each unrestricted field adds the parameters of its field type, see :mod:`heroesite.records.field_types`:

===========================  =================================================================
one line of text             ``name`` (ignoring case), ``name__icontains``, ``name__istartswith``
a whole number               ``age``, ``age__gte``, ``age__lte``
a link to another record     ``team`` (``null`` for none), ``team__name``
any optional field           ``age__isnull``, ``team__isnull``
links from other records     ``heroes__count__gte``, ``heroes__count__lte``
when it was changed          ``created_at__gte``, ``created_at__lte``, ``updated_at__gte``, …
===========================  =================================================================
"""

from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any, ClassVar

import django_filters
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.http import QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from heroesite.records.counts import Count
from heroesite.records.field_types import datetime_filters, get_field_type, incoming_link_filters
from heroesite.records.permissions import unrestricted_fields

from .cursor import MAX_LENGTH, Column
from .filters import CursorFilter, ExactCountFilter, IdsFilter, NamesFilter, PagingFilter, SearchFilter
from .forms import DISPLAY_PARAMETERS, PAGING, QueryForm
from .offset import OffsetPaginator, Page, slice_page
from .ordering import RecordOrdering
from .sparse_fields import SparseFields, row_members
from .whole_lists import whole_list

LIMIT = 100
"""Records on one page, by default and at most."""
LAST_OFFSET = 1_000_000_000


class PagedFilterSet(django_filters.FilterSet):
    """Strict parameters, and the page that they select.

    ``ON_PAGE`` names the parameters that the page always offers; others appear there while they are in use.
    """

    ON_PAGE: ClassVar[tuple[str, ...]] = ()

    limit = PagingFilter(1, LIMIT, label=_("Rows per page"))
    offset = PagingFilter(0, LAST_OFFSET, label=_("Rows to skip"))

    def __init__(self, data: Any = None, queryset: Any = None, *, request: Any = None) -> None:
        """Share the class's filters: unlike django-filter's, they keep no state and need no copies."""
        self.is_bound, self.data = data is not None, data or QueryDict()
        self.queryset, self.request = queryset, request
        self.filters = self.base_filters

    @classmethod
    @cache
    def get_form_class(cls) -> type[forms.Form]:
        fields = {name: filter_.field for name, filter_ in cls.base_filters.items()}
        return type("Form", (QueryForm,), {**fields, "allow_empty": True})

    @cached_property
    def form(self) -> Any:
        return self.get_form_class()(self.data if self.is_bound else None)

    def page(self, rows: Any = None) -> Page:
        """Return the requested page; an empty one if the query is invalid.

        Args:
            rows: the rows to page through; by default, those that the query selects.
        """
        if self.is_valid() and self.form.cleaned_data.get("cursor"):
            self.form.set_error("cursor", _("Only the API supports cursor. Use offset."), "cursor")
        if not self.is_valid():
            return Page([], Count(0), LIMIT, 0, has_next=False)
        values = self.form.cleaned_data
        return self.read_page(
            self.qs if rows is None else rows, values["offset"] or 0, values["limit"] or LIMIT
        )

    def read_page(self, rows: Any, offset: int, limit: int) -> Page:
        """Return the page of ``rows`` at an offset."""
        return slice_page(rows, offset, limit)

    @property
    def visible_fields(self) -> list[forms.BoundField]:
        """The parameters to offer on the page."""
        return [
            self.form[name]
            for name in self.form.fields
            if name in self.ON_PAGE or (self.form.data.get(name) and name not in PAGING)
        ]

    @property
    def sparse_fields(self) -> SparseFields:
        """The members that a valid query selects."""
        return SparseFields.from_query(self.form.cleaned_data)

    @property
    def hidden_parameters(self) -> list[tuple[str, str]]:
        """The parameters that the form has as hidden fields, with their values."""
        values = ((name, self.form[name].data) for name in DISPLAY_PARAMETERS if name in self.form.fields)
        return [(name, value) for name, value in values if value]

    @property
    def query_to_save(self) -> str:
        """The query that a view saves: without empty values and paging, with sorted parameters."""
        values = {name: self.form[name].data for name in self.form.fields} | {
            name: value for name, value in self.form.data.items() if name not in self.form.fields
        }
        omitted = ("offset", "cursor")
        return urlencode(
            sorted((name, text) for name, text in values.items() if text and name not in omitted)
        )

    @property
    def is_narrowed(self) -> bool:
        """Whether the query excludes rows."""
        values: Mapping[str, Any] = getattr(self.form, "cleaned_data", {})
        return any(values.get(bound.name) not in (None, "", []) for bound in self.visible_fields)


class RecordFilterSet(PagedFilterSet):
    """The parameters of one record type, made from its model when the type is registered."""

    ON_PAGE: ClassVar[tuple[str, ...]] = ("search",)

    count = ExactCountFilter()

    def read_page(self, rows: Any, offset: int, limit: int) -> Page:
        if not (rows.query.where or rows.query.annotations):
            return whole_list(rows.model, rows.query.order_by).page(offset, limit)
        return OffsetPaginator(rows, is_exact=bool(self.form.cleaned_data["count"])).page(offset, limit)

    @classmethod
    def get_filters(cls) -> dict[str, django_filters.Filter]:
        model = cls._meta.model
        if model is None:
            return {}
        filters = {"search": SearchFilter(label=_("Search")), "id__in": IdsFilter("id", "in", label=_("IDs"))}
        columns = {"id": Column("pk"), "version": Column("version")}
        for name in unrestricted_fields(model):
            field = model._meta.get_field(name)
            field_type = get_field_type(field)
            filters.update(field_type.filters(field))
            columns[name] = Column(field_type.column(field), nullable=field.null)
        counts = {f"{link.remote_field.name}__count": link for link in model.incoming_links()}
        for link in counts.values():
            filters.update(incoming_link_filters(link))
        for name in ("created_at", "updated_at"):
            filters.update(datetime_filters(model._meta.get_field(name)))
            columns[name] = Column(name)
        return {
            **filters,
            "ordering": RecordOrdering(columns, counts, label=_("Sort by")),
            **sparse_fields_filters(model),
            "cursor": CursorFilter(max_length=MAX_LENGTH, label=_("A cursor, or * for the first page")),
            **cls.declared_filters,
        }

    @cached_property
    def form(self) -> Any:
        form = super().form
        user, model = getattr(self.request, "user", AnonymousUser()), self._meta.model
        for name in {"fields", "omit"} & set(form.fields):
            form.fields[name].names = [*row_members(user, model), *model.link_names()]
        return form


def sparse_fields_filters(model: Any) -> dict[str, NamesFilter]:
    """Return ``fields`` and ``omit``, and ``expand`` if the model has links."""
    names = ["id", *model.attnames().values(), *model.AUTOMATIC, *model.link_names()]
    filters = {
        "fields": NamesFilter(names=names, label=_("Include only these fields")),
        "omit": NamesFilter(names=names, label=_("Leave out these fields")),
    }
    if links := model.link_names():
        filters["expand"] = NamesFilter(names=links, label=_("Include these linked records"))
    return filters
