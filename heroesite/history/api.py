"""The API of the past: histories of records, and change sets. Nothing is written here."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.utils.cache import add_never_cache_headers
from django.utils.text import capfirst
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema_field
from rest_framework import serializers, viewsets
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from heroesite.api.problems import Problem, refuse_parameters
from heroesite.api.refusals import BAD_LIMIT, UNUSABLE, no_such_parameter
from heroesite.api.schema import RecordAutoSchema
from heroesite.records.access import disclosable, restricted
from heroesite.records.api import RecordPermission
from heroesite.records.changes import Action, ChangeSet, Door
from heroesite.records.fields import is_id
from heroesite.records.filters import LAST_OFFSET, LIMIT, PagedFilterSet
from heroesite.records.models import Disclosure, Record
from heroesite.records.queries import QueryBackend, RecordPagination, check_query
from heroesite.records.shape import member_name

from .entries import Entries, Step, tallies
from .filters import ChangeSetFilterSet

CHANGES = {
    "type": "object",
    "description": (
        "For each member that was changed its value before and after; of a value that the caller may not"
        " see, only that it was changed; of one that had to be forgotten, that it is erased."
    ),
    "additionalProperties": {
        "type": "object",
        "properties": {
            "before": {"type": ["string", "integer", "null"]},
            "after": {"type": ["string", "integer", "null"]},
            "changed": {"type": "boolean", "const": True},
            "erased": {"type": "boolean", "const": True},
        },
    },
}
AN_ENTRY = {
    "version": 2,
    "name": "Lamplighter",
    "action": "changed",
    "changes": {"age": {"before": 41, "after": 42}, "secret_name": {"changed": True}},
}
MADE = {"at": "2026-01-31T12:00:00Z", "door": "page", "user": "editor", "token": None}
A_CHANGE_SET = {
    "id": 7,
    **MADE,
    "note": "",
    "undoes": None,
    "undone_by": [],
    "counts": [{"kind": "hero", "action": "changed", "count": 1}],
}
ENTRIES_OF_A_CHANGE_SET = {
    "count": 1,
    "next": None,
    "previous": None,
    "results": [{**AN_ENTRY, "kind": "hero", "id": 1}],
}


class Person(serializers.CharField):
    """Who did it, told to those who are signed in."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, help_text="Null for visitors.", **kwargs)

    def to_representation(self, value: str) -> str | None:  # type: ignore[override]
        return (value or None) if self.context["request"].user.is_authenticated else None


class EntrySerializer(serializers.Serializer):
    """What was done to a record."""

    version = serializers.IntegerField(source="entry.version")
    name = serializers.CharField(source="entry.name")
    action = serializers.ChoiceField(Action.choices)
    changes = serializers.SerializerMethodField()

    @extend_schema_field(CHANGES)
    def get_changes(self, step: Step) -> dict[str, Any]:
        hidden = restricted(self.context["request"].user, step.kind)
        return {member_name(name, step.kind): told(step, name, name in hidden) for name in step.fields}


def told(step: Step, name: str, hidden: bool) -> dict[str, Any]:
    before, after = step.values(name)
    shown = {"changed": True} if hidden else {"before": before, "after": after}
    return shown | ({"erased": True} if name in step.entry.erased else {})


class RecordEntrySerializer(EntrySerializer):
    """What was done to one record, by whom and when."""

    at = serializers.DateTimeField(source="entry.history_date")
    change_set = serializers.IntegerField(source="entry.change_set_id")
    door = serializers.ChoiceField(Door.choices, source="entry.change_set.door")
    user = Person(source="entry.change_set.username")
    token = Person(source="entry.change_set.token")


class ChangeSetEntrySerializer(EntrySerializer):
    """What one change set did to a record."""

    kind = serializers.CharField(source="kind._meta.model_name")
    id = serializers.IntegerField(source="entry.id")


class TallySerializer(serializers.Serializer):
    """How many records of a kind the same was done to."""

    kind = serializers.CharField(source="kind._meta.model_name")
    action = serializers.ChoiceField(Action.choices)
    count = serializers.IntegerField()


class ChangeSetSerializer(serializers.ModelSerializer):
    """What one request, import or command changed."""

    user = Person(source="username")
    token = Person()
    undone_by: Any = serializers.PrimaryKeyRelatedField(many=True, read_only=True)
    counts = serializers.SerializerMethodField()

    class Meta:
        model = ChangeSet
        fields = ["id", "at", "door", "user", "token", "note", "undoes", "undone_by", "counts"]

    @extend_schema_field(TallySerializer(many=True))
    def get_counts(self, change_set: ChangeSet) -> Any:
        return TallySerializer(self.context["tallies"][change_set.pk], many=True).data


class PageOfEntriesSerializer(serializers.Serializer):
    """Some of the entries of a change set."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ChangeSetEntrySerializer(many=True)


class ChangeSetDetailSerializer(ChangeSetSerializer):
    """A change set with what it did to each record."""

    entries = PageOfEntriesSerializer(read_only=True)

    class Meta(ChangeSetSerializer.Meta):
        fields = [*ChangeSetSerializer.Meta.fields, "entries"]


class HistoryAutoSchema(RecordAutoSchema):
    def get_summary(self) -> str | None:
        kind = self.view.model._meta.verbose_name
        summary: str = self.view.summaries[self.view.action]
        return summary.format(kind=kind)

    def get_override_parameters(self) -> list[Any]:
        if "{id}" not in self.path:
            return []
        parameters = [OpenApiParameter("id", int, OpenApiParameter.PATH)]
        if self.view.action == "retrieve":
            for name, smallest, largest in (("limit", 1, LIMIT), ("offset", 0, LAST_OFFSET)):
                whole = {"type": "integer", "minimum": smallest, "maximum": largest}
                parameters.append(OpenApiParameter(name, whole))
        return parameters

    def get_problems(self) -> dict[str, Problem]:
        fault = no_such_parameter("limit", "offset") if "{id}" in self.path else BAD_LIMIT
        return super().get_problems() | {"parameter": Problem(400, UNUSABLE, [fault])}

    def get_examples(self) -> list[OpenApiExample]:
        return [OpenApiExample(self.view.model._meta.verbose_name, self.view.examples[self.view.action])]


class PastViewSet(viewsets.GenericViewSet[Any]):
    """Something of the past, to be read by whoever may read records."""

    model: ClassVar[Any]
    summaries: ClassVar[dict[str, str]]
    examples: ClassVar[dict[str, Any]]

    schema = HistoryAutoSchema()
    permission_classes = [RecordPermission]
    filter_backends = [QueryBackend]
    pagination_class: Any = RecordPagination
    lookup_value_regex = "[^/]+"

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """The methods, in ``Allow``; what the members are stands in the schema."""
        refuse_parameters(request)
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
                shown.setdefault((step.kind, name), {})[step.entry.id] = step.entry.instance
        for (_kind, name), records in shown.items():
            Disclosure.objects.record(self.request.user, Door.API, name, list(records.values()))
            add_never_cache_headers(answer)
        return answer

    def shown(self, step: Step) -> set[str]:
        """The restricted fields of which the answer carries values."""
        return {*disclosable(self.request.user, step.kind)} & {*step.fields}


class RecordHistoryViewSet(PastViewSet):
    """The history of one record, also of one that was deleted; ``as_view`` is told the model."""

    model: ClassVar[Any] = Record
    summaries = {"list": "List what was done to a {kind}"}
    examples = {"list": {**AN_ENTRY, **MADE, "change_set": 7}}
    filterset_class = PagedFilterSet
    serializer_class = RecordEntrySerializer

    def get_queryset(self) -> Any:
        key = self.kwargs.get("pk", "")
        return self.model.history.filter(id=key if is_id(key) else None).select_related("change_set")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        entries = Entries([(self.model, self.filter_queryset(self.get_queryset()))])
        if not entries.count():
            raise NotFound(f"{capfirst(self.model._meta.verbose_name)} not found")
        return self.disclosing(*self.page_of(entries, RecordEntrySerializer))


class ChangeSetViewSet(PastViewSet):
    model = ChangeSet
    summaries = {"list": "List change sets", "retrieve": "Read one change set"}
    examples = {"list": A_CHANGE_SET, "retrieve": {**A_CHANGE_SET, "entries": ENTRIES_OF_A_CHANGE_SET}}
    queryset = ChangeSet.objects.prefetch_related("undone_by")
    filterset_class = ChangeSetFilterSet

    def get_serializer_class(self) -> Any:
        return ChangeSetSerializer if self.action == "list" else ChangeSetDetailSerializer

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(self.told(page))

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        check_query(PagedFilterSet(request.query_params, queryset=ChangeSet.objects.none()).form)
        key = kwargs["pk"]
        change_set = self.get_queryset().filter(pk=key).first() if is_id(key) else None
        if change_set is None:
            raise NotFound("Change set not found")
        entries, rows = self.page_of(Entries.of_change_set(change_set), ChangeSetEntrySerializer)
        [members] = self.told([change_set])
        return self.disclosing(Response({**members, "entries": entries.data}), rows)

    def told(self, change_sets: Any) -> Any:
        context = {**self.get_serializer_context(), "tallies": tallies(change_sets)}
        return ChangeSetSerializer(change_sets, many=True, context=context).data
