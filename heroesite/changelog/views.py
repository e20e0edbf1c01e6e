"""Pages of the history of a record, deleted records and change sets."""

from typing import Any

from django.contrib.auth.mixins import AccessMixin
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import add_never_cache_headers
from django.views.generic import TemplateView

from heroesite.changelog.filters import ChangeSetFilterSet
from heroesite.changelog.steps import Entries, readable_changes, tallies
from heroesite.changelog.undo.permissions import count_actions
from heroesite.records.audit.change_sets import ChangeSet, Source
from heroesite.records.audit.disclosures import Disclosure
from heroesite.records.audit.entries import Entry
from heroesite.records.filters.filtersets import PagedFilterSet
from heroesite.records.models.base import Record, record_models
from heroesite.records.permissions import disclosable_fields, is_allowed
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


class ChangeSetListView(ChangelogView):
    template_name = "history/list.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        found = ChangeSet.objects.prefetch_related("undone_by")
        filterset = ChangeSetFilterSet(request.GET, queryset=found, request=request)
        page = filterset.page()
        by_change_set = tallies(page.records)
        context = self.get_context_data(
            filterset=filterset,
            page=page,
            change_sets=[(change_set, by_change_set[change_set.pk]) for change_set in page.records],
        )
        return self.render_to_response(context, status=200 if filterset.is_valid() else 400)


def can_undo(user: Any, change_set: ChangeSet) -> bool:
    """Return whether ``user`` has the permissions to undo a change set that changed any record."""
    if not user.is_authenticated:
        return False
    actions = count_actions(change_set, record_models())
    return bool(actions) and all(is_allowed(user, action, model) for model, action in actions)


class ChangeSetDetailView(ChangelogView):
    template_name = "history/detail.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        change_set = get_object_or_404(ChangeSet, pk=kwargs["pk"])
        filterset = PagedFilterSet(request.GET, queryset=ChangeSet.objects.none())
        page = filterset.page(Entries.of_change_set(change_set))
        counts = tallies([change_set])[change_set.pk]
        context = self.get_context_data(
            change_set=change_set,
            tallies=counts,
            filterset=filterset,
            page=page,
            steps=list(readable_changes(page.records)),
            can_undo=can_undo(request.user, change_set),
        )
        return self.render_to_response(context, status=200 if filterset.is_valid() else 400)
