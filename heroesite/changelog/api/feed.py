"""The API endpoint that lists all changes, for keeping a copy in sync."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from heroesite.api.problems import INVALID_QUERY, InvalidQuery, Problem
from heroesite.changelog.api import examples
from heroesite.changelog.api.schema import HistoryAutoSchema
from heroesite.changelog.api.serializers import Person
from heroesite.changelog.api.viewsets import HistoryViewSet
from heroesite.changelog.feed import InvalidCursor, Positions, changes_after
from heroesite.changelog.steps import Step
from heroesite.form_fields import StrictIntegerField
from heroesite.records.api.filter_backend import validate_query
from heroesite.records.api.serializers import RecordSerializer
from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.audit.entries import Action
from heroesite.records.filters.forms import QueryForm
from heroesite.records.models.base import Record
from heroesite.records.permissions import disclosable_fields
from heroesite.validators import range_validators

MOST, DEFAULT = 1000, 100


class FeedForm(QueryForm):
    """The query of the feed."""

    after = forms.CharField(required=False, max_length=4000)
    limit = StrictIntegerField(required=False, validators=range_validators(1, MOST))


class ChangeSerializer(serializers.Serializer):
    """A change, with the record after it."""

    kind = serializers.CharField(source="model._meta.model_name")
    id = serializers.IntegerField(source="entry.id")
    version = serializers.IntegerField(source="entry.version")
    action = serializers.ChoiceField(Action.choices)
    at = serializers.DateTimeField(source="entry.history_date")
    change_set = serializers.IntegerField(source="entry.change_set_id")
    source = serializers.CharField(source="entry.change_set.source")  # type: ignore[assignment]
    user = Person(source="entry.change_set.username")
    token = Person(source="entry.change_set.token")
    record = serializers.SerializerMethodField()

    @extend_schema_field(
        {"description": "The record after the change, or null if it was deleted."}
    )  # see FeedAutoSchema
    def get_record(self, step: Step) -> dict[str, Any] | None:
        if step.action == Action.DELETED:
            return None
        row: dict[str, Any] = self.context["rows"][step.model].represent_entry(step.entry)
        return row


class FeedAutoSchema(HistoryAutoSchema):
    def get_override_parameters(self) -> list[Any]:
        whole = {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT}
        text = "The cursor from an earlier response. Omit it to start with the first change."
        return [
            OpenApiParameter("after", {"type": "string", "minLength": 1}, description=text),
            OpenApiParameter("limit", whole),
        ]

    def get_response_serializers(self) -> Any:
        names = [model._meta.object_name for model in self.view.row_serializers]
        rows = [{"$ref": f"#/components/schemas/{name}Row"} for name in names]
        described = {"record": {"anyOf": [*rows, {"type": "null"}]}}
        change = self.resolve_serializer(ChangeSerializer, "response").ref
        results = {"type": "array", "items": {"allOf": [change, {"type": "object", "properties": described}]}}
        members = {
            "after": {"type": "string", "description": "The cursor to send with the next request."},
            "next": {"type": "string", "format": "uri"},
            "caught_up": {"type": "boolean", "description": "True if there are no more changes yet."},
            "results": results,
        }
        return {200: {"type": "object", "required": sorted(members), "properties": members}}

    def get_filter_backends(self) -> list[Any]:
        return []

    def get_problems(self) -> dict[str, Problem]:
        error = {
            "parameter": "after",
            "message": "This cursor isn't valid here. Start again without a cursor.",
            "code": "cursor",
        }
        return super().get_problems() | {"parameter": Problem(400, INVALID_QUERY, [error])}

    def get_examples(self) -> list[OpenApiExample]:
        return [OpenApiExample("Changes", examples.page_of_feed(), response_only=True)]


class FeedViewSet(HistoryViewSet):
    """The feed of all changes. ``row_serializers`` are the serializers of records, by model."""

    model = ChangeSet
    summaries = {"follow": "List all changes"}
    descriptions = {
        "follow": "Returns every change to every record once, in commit order, so that you can keep a copy in"
        " sync. Store `after` and send it with your next request. `caught_up` is true once you have every"
        " change."
    }
    serializer_class = ChangeSerializer
    pagination_class = None
    schema = FeedAutoSchema()
    row_serializers: ClassVar[Mapping[type[Record], type[RecordSerializer]]] = {}

    def follow(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        form = FeedForm(request.query_params)
        validate_query(form)
        asked = form.cleaned_data["after"]
        try:
            seen = Positions.decode(asked) if asked else Positions()
        except InvalidCursor as error:
            raise InvalidQuery({"after": [ErrorDetail(str(error), "cursor")]}) from None
        read, positions, caught_up = changes_after(seen, form.cleaned_data["limit"] or DEFAULT)
        context = self.get_serializer_context()
        rows = {model: row(context=context) for model, row in self.row_serializers.items()}
        results = ChangeSerializer(read, many=True, context={**context, "rows": rows}).data
        after = positions.encode()
        following = replace_query_param(request.build_absolute_uri(), "after", after)
        response = Response({"after": after, "next": following, "caught_up": caught_up, "results": results})
        response["Link"] = f'<{following}>; rel="next"'
        return self.log_disclosures(response, read)

    def disclosed_fields(self, step: Step) -> set[str]:
        """A change shows the whole record, not only the changed fields."""
        return (
            set() if step.action == Action.DELETED else set(disclosable_fields(self.request.user, step.model))
        )
