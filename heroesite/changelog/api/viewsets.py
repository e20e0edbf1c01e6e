"""The API of the past: histories of records, and change sets. Nothing is written here."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.utils.cache import add_never_cache_headers
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from heroesite.api.problems import reject_parameters
from heroesite.changelog.api.schema import (
    A_CHANGE_SET,
    AN_ENTRY,
    ENTRIES_OF_A_CHANGE_SET,
    MADE,
    HistoryAutoSchema,
)
from heroesite.changelog.api.serializers import (
    ChangeSetDetailSerializer,
    ChangeSetEntrySerializer,
    ChangeSetSerializer,
    EntrySerializer,
    RecordEntrySerializer,
)
from heroesite.changelog.filters import ChangeSetFilterSet
from heroesite.changelog.steps import Entries, Step, tallies
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


class HistoryViewSet(viewsets.GenericViewSet[Any]):
    """Something of the past, to be read by whoever may read records."""

    model: ClassVar[Any]
    summaries: ClassVar[dict[str, str]]
    descriptions: ClassVar[dict[str, str]]
    examples: ClassVar[dict[str, Any]]

    schema = HistoryAutoSchema()
    permission_classes = [RecordPermission]
    filter_backends = [RecordFilterBackend]
    pagination_class: Any = RecordPagination
    lookup_value_regex = "[^/]+"

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """The methods, in ``Allow``; what the members are stands in the schema."""
        reject_parameters(request)
        return Response(status=204)

    def page_of(self, entries: Entries, serializer: type[EntrySerializer]) -> tuple[Response, list[Step]]:
        """The page of ``entries`` that is asked for, and the steps on it."""
        rows: Any = self.paginate_queryset(entries)  # type: ignore[arg-type]
        told = serializer(rows, many=True, context=self.get_serializer_context())
        return self.get_paginated_response(told.data), rows

    def disclosing(self, answer: Response, rows: Iterable[Step]) -> Response:
        """``answer``, once it is noted which restricted values it carries."""
        shown: dict[tuple[type[Record], str], dict[int, Record]] = {}
        for step in rows:
            for name in self.shown(step):
                shown.setdefault((step.model, name), {})[step.entry.id] = step.entry.instance
        for (_kind, name), records in shown.items():
            Disclosure.objects.record(self.request.user, Source.API, name, list(records.values()))
            add_never_cache_headers(answer)
        return answer

    def shown(self, step: Step) -> set[str]:
        """The restricted fields of which the answer carries values."""
        return {*disclosable_fields(self.request.user, step.model)} & {*step.fields}


class RecordHistoryViewSet(HistoryViewSet):
    """The history of one record, also of one that was deleted; ``as_view`` is told the model."""

    model: ClassVar[Any] = Record
    summaries = {"list": "List the history of a {name}"}
    descriptions = {"list": "Returns the versions of a {name}, latest first, even after its deletion."}
    examples = {"list": {**AN_ENTRY, **MADE, "change_set": 7}}
    filterset_class = PagedFilterSet
    serializer_class = RecordEntrySerializer

    def get_queryset(self) -> Any:
        key = self.kwargs.get("pk", "")
        return self.model.history.filter(id=key if is_id(key) else None).select_related("change_set")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        entries = Entries([(self.model, self.filter_queryset(self.get_queryset()))])
        if not entries.count():
            raise not_found(self.model, self.kwargs["pk"])
        return self.disclosing(*self.page_of(entries, RecordEntrySerializer))


class ChangeSetViewSet(HistoryViewSet):
    model = ChangeSet
    summaries = {"list": "List change sets", "retrieve": "Get a change set"}
    descriptions = {
        "list": "Returns the requests, imports and commands that changed records, the latest first.",
        "retrieve": "Returns a change set with its changes to each record.",
    }
    examples = {"list": A_CHANGE_SET, "retrieve": {**A_CHANGE_SET, "entries": ENTRIES_OF_A_CHANGE_SET}}
    queryset = ChangeSet.objects.prefetch_related("undone_by")
    filterset_class = ChangeSetFilterSet

    def get_serializer_class(self) -> Any:
        return ChangeSetSerializer if self.action == "list" else ChangeSetDetailSerializer

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(self.told(page))

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        validate_query(PagedFilterSet(request.query_params, queryset=ChangeSet.objects.none()).form)
        key = kwargs["pk"]
        change_set = self.get_queryset().filter(pk=key).first() if is_id(key) else None
        if change_set is None:
            raise not_found(ChangeSet, key)
        entries, rows = self.page_of(Entries.of_change_set(change_set), ChangeSetEntrySerializer)
        [members] = self.told([change_set])
        return self.disclosing(Response({**members, "entries": entries.data}), rows)

    def told(self, change_sets: Any) -> Any:
        context = {**self.get_serializer_context(), "tallies": tallies(change_sets)}
        return ChangeSetSerializer(change_sets, many=True, context=context).data
