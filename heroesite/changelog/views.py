"""Pages of the history of a record, deleted records and change sets."""

from collections import defaultdict
from collections.abc import Collection
from functools import cache, lru_cache
from itertools import cycle, islice
from typing import Any

from django.contrib.auth.mixins import AccessMixin
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers
from django.utils.safestring import SafeString
from django.views.generic import TemplateView

from heroesite.cached_per_language import cached_per_language
from heroesite.changelog.filters import ChangeSetFilterSet
from heroesite.changelog.steps import Entries, Tally, readable_changes, tallies
from heroesite.changelog.undo.permissions import find_actions
from heroesite.database.statements import Statement
from heroesite.dates import instant_format
from heroesite.records.addresses import Addresses
from heroesite.records.audit.change_sets import ChangeSet, Source
from heroesite.records.audit.disclosures import Disclosure
from heroesite.records.audit.entries import Entry
from heroesite.records.filters.filtersets import LIMIT, PagedFilterSet
from heroesite.records.models.base import Record, record_models
from heroesite.records.permissions import disclosable_fields, is_allowed
from heroesite.records.row_templates import RowTemplate
from heroesite.records.views.base import RecordView


class RecordHistoryView(RecordView):
    """Show the history of a record, latest first. A POST shows restricted values too, and logs the access."""

    template = "history"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.show(self.latest())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        fields = disclosable_fields(request.user, self.model)
        if not fields:
            return self.handle_no_permission()
        response = self.show(self.latest(), fields)
        add_never_cache_headers(response)
        return response

    def latest(self) -> Any:
        entry = self.model.history.filter(id=self.kwargs["pk"]).first()
        if entry is None:
            raise Http404
        return entry

    def show(self, latest: Any, reveal: tuple[str, ...] = ()) -> HttpResponse:
        entries = self.model.history.filter(id=latest.id).select_related("change_set")
        filterset = PagedFilterSet(self.request.GET, queryset=entries)
        page = filterset.page(Entries([(self.model, entries)]))
        for field in reveal if page.records else ():
            Disclosure.objects.record(self.request.user, Source.WEBSITE, field, [latest.instance])
        context = self.get_context_data(
            latest=latest,
            is_deleted=latest.history_type == Entry.DELETED,
            filterset=filterset,
            page=page,
            steps=list(readable_changes(page.records, reveal)),
            revealable=() if reveal else disclosable_fields(self.request.user, self.model),
        )
        return self.render_to_response(context, status=200 if filterset.is_valid() else 400)


class DeletedRecordsView(RecordView):
    """List deleted records that haven't been restored, latest first."""

    template = "deleted"
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        later = self.model.history.filter(id=OuterRef("id"), version__gt=OuterRef("version"))
        deletions = self.model.history.filter(~Exists(later), history_type=Entry.DELETED)
        filterset = PagedFilterSet(
            request.GET, queryset=deletions.select_related("change_set").order_by("-history_id")
        )
        context = self.get_context_data(filterset=filterset, page=filterset.page())
        return self.render_to_response(context, status=200 if filterset.is_valid() else 400)


class ChangelogView(AccessMixin, TemplateView):
    """Base of the pages of change sets."""

    http_method_names = ["get", "head", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not is_allowed(request.user, "view", Record):
            return self.handle_no_permission()
        return super().dispatch(request, *args, **kwargs)


class ChangeSetRows:
    """Renders the rows of a list of change sets, in the language that is active when it is created."""

    def __init__(self, *, with_authors: bool) -> None:
        self.template = RowTemplate("history/_row.html", {"with_authors": with_authors})
        self.addresses, self.instants = Addresses("history:detail"), instant_format()
        self.sources = {value: str(label) for value, label in Source.choices}
        self.describe = lru_cache(maxsize=4096)(str)

    def render(self, change_sets: Collection[ChangeSet]) -> SafeString:
        """Return the HTML of the rows."""
        found, later = tallies(change_sets), undoing_ids(change_sets)
        return self.template.render(
            self.values(each, found[each.pk], later.get(each.pk, [])) for each in change_sets
        )

    def values(self, change_set: ChangeSet, found: list[Tally], undone_by: list[int]) -> dict[str, Any]:
        """Return the values that the template shows for a change set."""
        undone = {"undoes_id": change_set.undoes_id, "undone_by": undone_by}
        return {
            "address": self.addresses.of(change_set.pk),
            "instant": change_set.at.isoformat(),
            "at": self.instants.format(change_set.at),
            "author": change_set.author,
            "source": self.sources.get(change_set.source, change_set.source),
            "summary": ", ".join([self.describe(tally) for tally in found]),
            "note": change_set.note,
            "undone": render_to_string("history/_undone.html", undone) if any(undone.values()) else "",
        }


@cache
def undoing_statement() -> Statement:
    """Return the statement for the ids of change sets that undid one of ``LIMIT`` others."""
    return Statement(ChangeSet.objects.filter(undoes__in=range(LIMIT)).values_list("undoes_id", "pk"))


def undoing_ids(change_sets: Collection[ChangeSet]) -> dict[int, list[int]]:
    """Return the ids of the change sets that undid these, by the id of the undone one.

    Args:
        change_sets: those on one page.
    """
    found: defaultdict[int, list[int]] = defaultdict(list)
    if change_sets:
        ids = islice(cycle([each.pk for each in change_sets]), LIMIT)
        for undone_id, pk in undoing_statement().execute(*ids):
            found[undone_id].append(pk)
    return found


@cached_per_language
def change_set_rows(with_authors: bool) -> ChangeSetRows:
    """Return the renderer for the active language, which all requests share."""
    return ChangeSetRows(with_authors=with_authors)


class ChangeSetListView(ChangelogView):
    template_name = "history/list.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        filterset = ChangeSetFilterSet(request.GET, queryset=ChangeSet.objects.all(), request=request)
        page = filterset.page()
        rows = change_set_rows(request.user.is_authenticated)
        context = self.get_context_data(filterset=filterset, page=page, rows=rows.render(page.records))
        return self.render_to_response(context, status=200 if filterset.is_valid() else 400)


def can_undo(user: Any, change_set: ChangeSet) -> bool:
    """Return whether ``user`` has the permissions to undo a change set that changed any record."""
    if not user.is_authenticated:
        return False
    actions = find_actions(change_set, record_models())
    return bool(actions) and all(is_allowed(user, action, model) for model, action in actions)


class ChangeSetDetailView(ChangelogView):
    template_name = "history/detail.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        change_set = get_object_or_404(ChangeSet, pk=kwargs["pk"])
        filterset = PagedFilterSet(request.GET, queryset=ChangeSet.objects.none())
        found = tallies([change_set])[change_set.pk]
        page = filterset.page(Entries.of_change_set(change_set, found))
        context = self.get_context_data(
            change_set=change_set,
            tallies=found,
            undoes_id=change_set.undoes_id,
            undone_by=undoing_ids([change_set])[change_set.pk],
            filterset=filterset,
            page=page,
            steps=list(readable_changes(page.records)),
            can_undo=can_undo(request.user, change_set),
        )
        return self.render_to_response(context, status=200 if filterset.is_valid() else 400)
