"""The page that lists records: filters, columns and saved views."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import cycle, islice
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import capfirst

from heroesite.cached_per_language import cached_per_language
from heroesite.database.statements import InstanceStatement, Statement
from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.filters.filtersets import LIMIT, RecordFilterSet
from heroesite.records.filters.sparse_fields import SparseFields
from heroesite.records.models.base import Record
from heroesite.records.models.saved_views import SavedView
from heroesite.records.permissions import AllowedActions, unrestricted_fields
from heroesite.records.views.base import RecordView
from heroesite.records.views.bulk_actions import links_form_class
from heroesite.records.views.rows import record_rows
from heroesite.records.views.saved_views import SavedViewForm

OPTIONAL = ("created_at", "version")
"""Columns that are shown only if the query names them."""
AUTHOR_FIELDS = ("username", "note", "token")
"""The fields of a change set that its author depends on."""


@dataclass(frozen=True)
class Column:
    """A column that lists of a record type can show.

    Args:
        member: the API member that contains its value.
    """

    name: str
    member: str
    label: str


@dataclass(frozen=True)
class ColumnState:
    """The state of a column in one list.

    Args:
        ordering: the value of ``ordering`` that its heading links to; empty if it can't be sorted.
        aria_sort: the direction in which the list is sorted by it.
        fields_if_toggled: the value of ``fields`` that shows the column if it is hidden, or hides it.
    """

    column: Column
    is_visible: bool
    ordering: str
    aria_sort: str
    fields_if_toggled: str


@cached_per_language
def columns_of(model: type[Record]) -> list[Column]:
    """Return the columns that lists of a type can show, with labels in the active language."""
    fields: list[Any] = [
        model._meta.get_field(name) for name in (*unrestricted_fields(model), *OPTIONAL, "updated_at")
    ]
    return [Column(field.name, field.attname, capfirst(str(field.verbose_name))) for field in fields]


@cache
def authors_statement(model: type[Record]) -> Statement:
    """Return the statement for the authors of changes, by ``LIMIT`` ids and ``LIMIT`` versions of records."""
    entries = model.history.filter(id__in=range(LIMIT)).filter(version__in=range(LIMIT)).order_by()
    return Statement(entries.values_list("id", "version", *(f"change_set__{name}" for name in AUTHOR_FIELDS)))


@cache
def saved_views_statement(model: type[Record]) -> InstanceStatement:
    """Return the statement for a user's views of the list of ``model``. Its last parameter is the user."""
    return InstanceStatement(SavedView.objects.of(0, model))


class RecordListView(RecordView):
    template = "list"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        records = self.model.objects.with_links()
        filterset = self.filterset_class(request.GET, queryset=records, request=request)
        page = filterset.page()
        valid = filterset.is_valid()
        if valid and filterset.form.has_typed_names:
            values = filterset.form.data.lists()
            query = urlencode([(name, text) for name, texts in values for text in texts if text])
            return redirect(f"{self.address('list')}?{query}" if query else self.address("list"))
        columns = self.columns(filterset.sparse_fields if valid else SparseFields())
        visible = [column for column in columns if column.is_visible]
        can = AllowedActions(request.user, self.model)
        is_selectable = can["change"] or can["delete"]
        rows = record_rows(self.model, tuple(state.column for state in visible), is_selectable)
        with_authors = any(state.column.name == "updated_at" for state in visible)
        authors = self.authors(page.records) if with_authors else {}
        context = self.get_context_data(
            filterset=filterset,
            page=page,
            rows=rows.render(page.records, authors),
            is_selectable=is_selectable,
            columns=visible,
            optional_columns=[state for state in columns if state.column.name != "name"],
            links=self.links_form(filterset) if can["change"] else None,
            api=self.api_address() if valid else "",
            **self.views(filterset),
        )
        return self.render_to_response(context, status=200 if valid else 400)

    def links_form(self, filterset: RecordFilterSet) -> Any:
        """Return the form that moves the selected rows. It lists the same records as the filters."""
        form = links_form_class(self.model)(auto_id="selected-%s")
        fields: dict[str, Any] = form.fields
        for name, field in fields.items():
            field.first_records = filterset.form.fields[name].first_records
        return form

    def api_address(self) -> str:
        """Return the address of the same list in the API."""
        address = reverse(f"api:{self.model._meta.model_name}-list")
        query = self.request.GET.urlencode()
        return self.request.build_absolute_uri(f"{address}?{query}" if query else address)

    def columns(self, sparse: SparseFields) -> list[ColumnState]:
        """Return all columns. The name links to the record and can't be hidden."""
        columns = columns_of(self.model)
        default = [column for column in columns if column.name not in OPTIONAL]
        visible = [
            column
            for column in columns
            if column.name == "name" or (sparse.has(column.member) and (sparse.fields or column in default))
        ]
        order = ",".join(self.request.GET.getlist("ordering")) or "name"
        sortable = self.filterset_class.base_filters["ordering"].columns
        states = []
        for column in columns:
            name = column.name
            toggled = [other for other in columns if (other in visible) != (other is column)]
            states.append(
                ColumnState(
                    column=column,
                    is_visible=column in visible,
                    ordering=(f"-{name}" if order == name else name) if name in sortable else "",
                    aria_sort={name: "ascending", f"-{name}": "descending"}.get(order, ""),
                    fields_if_toggled=""
                    if toggled == default
                    else ",".join(other.member for other in toggled),
                )
            )
        return states

    def authors(self, records: Iterable[Any]) -> dict[int, str]:
        """Return the author of each record's last change, by id; nothing for visitors, who can't see it."""
        versions = {record.pk: record.version for record in records}
        if not versions or not self.request.user.is_authenticated:
            return {}
        ids, numbers = (islice(cycle(keys), LIMIT) for keys in (versions, set(versions.values())))
        found = {
            pk: tuple(change_set)
            for pk, version, *change_set in authors_statement(self.model).execute(*ids, *numbers)
            if version == versions[pk]
        }
        authors = {
            values: ChangeSet(**dict(zip(AUTHOR_FIELDS, values, strict=True))).author
            for values in set(found.values())
        }
        return {pk: authors[values] for pk, values in found.items()}

    def views(self, filterset: RecordFilterSet) -> dict[str, Any]:
        """Return the user's saved views, and the form that saves this one."""
        if not self.request.user.is_authenticated:
            return {}
        query = filterset.query_to_save
        statement = saved_views_statement(self.model)
        views = [
            statement.instance(iter(row))
            for row in statement.execute(*statement.parameters[:-1], self.request.user.pk)
        ]
        current = next((view for view in views if view.query == query), None)
        new = query and not current and filterset.is_valid()
        form = SavedViewForm(initial={"query": query}, auto_id="save-view-%s") if new else None
        return {"saved_views": views, "current_view": current, "save_view_form": form}
