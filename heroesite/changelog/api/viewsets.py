"""The API of histories and change sets, which is read-only."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.utils.cache import add_never_cache_headers
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from heroesite.api.problems import reject_parameters
from heroesite.changelog.api import examples
from heroesite.changelog.api.schema import HistoryAutoSchema
from heroesite.changelog.api.serializers import (
    ChangeSetDetailSerializer,
    ChangeSetEntrySerializer,
    ChangeSetSerializer,
    EntrySerializer,
    RecordEntrySerializer,
)
from heroesite.changelog.filters import ChangeSetFilterSet
from heroesite.changelog.steps import Entries, Step, Tally, tallies
from heroesite.ids import is_id
from heroesite.records.api.errors import not_found
from heroesite.records.api.filter_backend import RecordFilterBackend, validate_query
from heroesite.records.api.pagination import RecordPagination
from heroesite.records.api.permissions import RecordPermission
from heroesite.records.audit.change_sets import ChangeSet, Source
from heroesite.records.audit.disclosures import Disclosure
from heroesite.records.filters.filtersets import PagedFilterSet
from heroesite.records.models.base import Record
from heroesite.records.permissions import disclosable_fields
from heroesite.records.registry import get_record_type


class HistoryViewSet(viewsets.GenericViewSet[Any]):
    """Base of the views of histories: anyone who can view records can view what was changed."""

    model: ClassVar[Any]
    summaries: ClassVar[dict[str, str]]
    descriptions: ClassVar[dict[str, str]]

    schema = HistoryAutoSchema()
    permission_classes = [RecordPermission]
    filter_backends = [RecordFilterBackend]
    pagination_class: Any = RecordPagination
    lookup_value_regex = "[^/]+"

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Return the methods in ``Allow``. The API description has the members."""
        reject_parameters(request)
        return Response(status=204)

    def page_of(self, entries: Entries, serializer: type[EntrySerializer]) -> tuple[Response, list[Step]]:
        """Return the requested page of ``entries``, and the steps on it."""
        rows: Any = self.paginate_queryset(entries)  # type: ignore[arg-type]
        data = serializer(rows, many=True, context=self.get_serializer_context()).data
        return self.get_paginated_response(data), rows

    def log_disclosures(self, response: Response, rows: Iterable[Step]) -> Response:
        """Log which restricted values a response contains. Return the response."""
        disclosed: dict[tuple[type[Record], str], dict[int, Record]] = {}
        for step in rows:
            for name in self.disclosed_fields(step):
                disclosed.setdefault((step.model, name), {})[step.entry.id] = step.entry.instance
        for (_model, name), records in disclosed.items():
            Disclosure.objects.record(self.request.user, Source.API, name, list(records.values()))
            add_never_cache_headers(response)
        return response

    def disclosed_fields(self, step: Step) -> set[str]:
        """Return the restricted fields whose values the response contains."""
        return {*disclosable_fields(self.request.user, step.model)} & {*step.fields}


class RecordHistoryViewSet(HistoryViewSet):
    """The history of one record, which may have been deleted."""

    model: ClassVar[Any] = Record
    summaries = {"list": "List the history of a {name}"}
    descriptions = {"list": "Returns the versions of a {name}, latest first, even if it has been deleted."}
    filterset_class = PagedFilterSet
    serializer_class = RecordEntrySerializer

    def get_example(self) -> dict[str, Any]:
        entry = examples.entry(get_record_type(self.model))
        return {**entry, **examples.CONTEXT, "change_set": 7}

    def get_queryset(self) -> Any:
        key = self.kwargs.get("pk", "")
        return self.model.history.filter(id=key if is_id(key) else None).select_related("change_set")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        entries = Entries([(self.model, self.filter_queryset(self.get_queryset()))])
        if not entries.count():
            raise not_found(self.model, self.kwargs["pk"])
        return self.log_disclosures(*self.page_of(entries, RecordEntrySerializer))


class ChangeSetViewSet(HistoryViewSet):
    model = ChangeSet
    summaries = {"list": "List change sets", "retrieve": "Get a change set"}
    descriptions = {
        "list": "Returns change sets, latest first. A change set contains the changes made by one request,"
        " import or command.",
        "retrieve": "Returns a change set with its changes to each record.",
    }
    queryset = ChangeSet.objects.prefetch_related("undone_by")
    filterset_class = ChangeSetFilterSet

    def get_example(self) -> dict[str, Any]:
        return examples.change_set() if self.action == "list" else examples.change_set_detail()

    def get_serializer_class(self) -> Any:
        return ChangeSetSerializer if self.action == "list" else ChangeSetDetailSerializer

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(self.serialize(page, tallies(page)))

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        validate_query(PagedFilterSet(request.query_params, queryset=ChangeSet.objects.none()).form)
        key = kwargs["pk"]
        change_set = self.get_queryset().filter(pk=key).first() if is_id(key) else None
        if change_set is None:
            raise not_found(ChangeSet, key)
        found = tallies([change_set])
        listed = Entries.of_change_set(change_set, found[change_set.pk])
        entries, rows = self.page_of(listed, ChangeSetEntrySerializer)
        [members] = self.serialize([change_set], found)
        return self.log_disclosures(Response({**members, "entries": entries.data}), rows)

    def serialize(self, change_sets: Any, found: Mapping[int, Sequence[Tally]]) -> Any:
        """Return change sets as JSON, with their tallies."""
        context = {**self.get_serializer_context(), "tallies": found}
        return ChangeSetSerializer(change_sets, many=True, context=context).data
