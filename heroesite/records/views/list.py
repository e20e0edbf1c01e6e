"""The page that lists records: filters, columns and saved views."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.filters.filtersets import RecordFilterSet
from heroesite.records.filters.sparse_fields import SparseFields
from heroesite.records.models.saved_views import SavedView
from heroesite.records.permissions import unrestricted_fields
from heroesite.records.views.base import RecordView
from heroesite.records.views.bulk_actions import LinksForm
from heroesite.records.views.saved_views import SavedViewForm


@dataclass(frozen=True)
class Column:
    """A column that a list can show.

    Args:
        order: the value of ``ordering`` that its heading links to; empty if it can't be sorted.
        sorted: the direction in which the list is sorted by it, as ``aria-sort``.
        toggled: the value of ``fields`` that shows the column if it is hidden, or hides it.
    """

    name: str
    label: str
    shown: bool
    order: str
    sorted: str
    toggled: str


class RecordListView(RecordView):
    template = "list"
    OPTIONAL: ClassVar[tuple[str, ...]] = ("created_at", "version")
    """Columns that are shown only if the query names them."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        records = self.model.objects.with_links()
        filterset = self.filterset_class(request.GET, queryset=records, request=request)
        page = filterset.page()
        valid = filterset.is_valid()
        columns = self.columns(filterset.sparse_fields if valid else SparseFields())
        shown = [column for column in columns if column.shown]
        context = self.get_context_data(
            filterset=filterset,
            page=page,
            columns=shown,
            optional_columns=[column for column in columns if column.name != "name"],
            changes=self.changes(page.records)
            if any(column.name == "updated_at" for column in shown)
            else {},
            links=LinksForm(model=self.model, auto_id="selected-%s"),
            api=self.api_address() if valid else "",
            **self.views(filterset),
        )
        return self.render_to_response(context, status=200 if valid else 400)

    def api_address(self) -> str:
        """Return the address of the same list in the API."""
        address = reverse(f"api:{self.model._meta.model_name}-list")
        query = self.request.GET.urlencode()
        return self.request.build_absolute_uri(f"{address}?{query}" if query else address)

    def columns(self, sparse: SparseFields) -> list[Column]:
        """Return all columns. The name links to the record and can't be hidden."""
        usual = [*unrestricted_fields(self.model), "updated_at"]
        members = {name: self.model.attname(name) for name in (*usual[:-1], *self.OPTIONAL, usual[-1])}
        shown = {
            name: name == "name" or (bool(sparse.fields or name in usual) and sparse.has(member))
            for name, member in members.items()
        }
        order = ",".join(self.request.GET.getlist("ordering")) or "name"
        orders = self.filterset_class.base_filters["ordering"].columns
        columns = []
        for name in members:
            toggled = [other for other in members if shown[other] != (other == name)]
            columns.append(
                Column(
                    name=name,
                    label=self.model.label(name),
                    shown=shown[name],
                    order=(f"-{name}" if order == name else name) if name in orders else "",
                    sorted={name: "ascending", f"-{name}": "descending"}.get(order, ""),
                    toggled="" if toggled == usual else ",".join(members[other] for other in toggled),
                )
            )
        return columns

    def changes(self, records: Iterable[Any]) -> dict[int, ChangeSet]:
        """Return each record's last change set, by id; nothing for visitors, who don't see who changed it."""
        if not self.request.user.is_authenticated:
            return {}
        entries = self.model.entries_at({(record.pk, record.version) for record in records})
        change_sets = ChangeSet.objects.in_bulk({entry.change_set_id for entry in entries.values()})
        return {pk: change_sets[entry.change_set_id] for (pk, _version), entry in entries.items()}

    def views(self, filterset: RecordFilterSet) -> dict[str, Any]:
        """Return the user's saved views, and the form that saves this one."""
        if not self.request.user.is_authenticated:
            return {}
        query = filterset.query_to_save
        views = SavedView.objects.of(self.request.user, self.model)
        current = next((view for view in views if view.query == query), None)
        new = query and not current and filterset.is_valid()
        form = SavedViewForm(initial={"query": query}, auto_id="save-view-%s") if new else None
        return {"saved_views": views, "current_view": current, "save_view_form": form}
