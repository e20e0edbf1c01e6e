"""The API endpoint that undoes a change set."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers, viewsets
from rest_framework.exceptions import APIException, ErrorDetail
from rest_framework.request import Request
from rest_framework.response import Response

from heroesite.api.openapi.examples import KEY, unknown_member, unknown_parameter
from heroesite.api.openapi.parameters import DRY_RUN, IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED, id_parameter
from heroesite.api.problems import (
    INVALID_QUERY,
    InvalidBody,
    Problem,
    optional_members,
    reject_parameters,
)
from heroesite.changelog.api import examples
from heroesite.changelog.api.schema import HistoryAutoSchema
from heroesite.changelog.undo.execution import undo
from heroesite.changelog.undo.permissions import check_permission, count_actions, find_actions
from heroesite.changelog.undo.reversals import Reversal
from heroesite.database.timeouts import lock_timeout
from heroesite.ids import is_id
from heroesite.records.api.errors import not_found
from heroesite.records.api.filter_backend import is_dry_run
from heroesite.records.api.permissions import AuthenticatedWritePermission
from heroesite.records.api.writes import IdempotentWriteMixin, idempotent
from heroesite.records.audit.change_sets import ChangeSet, Source, new_change_set
from heroesite.records.models.base import record_models
from heroesite.records.permissions import permission_message

LISTED = 1_000
"""Records that a response lists."""
DRY_RUN_LIMIT = 1_000
"""Records in a change set of which an undo can be tried out."""
LOCK_TIMEOUT = 1
"""Seconds that a dry run waits for each lock, since it changes nothing that is worth a longer wait."""


class NothingUndone(APIException):
    """Everything that the change set did has since been changed, or can't be undone."""

    status_code = HTTPStatus.CONFLICT
    default_code = "nothing_undone"

    def __init__(self, skipped: Sequence[Reversal], undone_by: Sequence[int]) -> None:
        message = "None of these changes can be undone. See `skipped`."
        if undone_by:
            message += f" They were undone by change set {undone_by[0]}, which you can undo in turn."
        super().__init__(message)
        self.members = {"skipped": ReversalSerializer(skipped[:LISTED], many=True).data}


class TooManyRecords(APIException):
    """A dry run of this change set would take too long."""

    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_code = "too_many_records"
    message = (
        "A dry run can undo at most {limit:,} records; this change set has {count:,}. For a preview, open"
        " /history/{pk}/undo/ in a browser."
    )

    def __init__(self, pk: int, count: int) -> None:
        super().__init__(self.message.format(limit=DRY_RUN_LIMIT, count=count, pk=pk))


class ReversalSerializer(serializers.Serializer):
    """What an undo does to a record, or why it skips it."""

    kind = serializers.CharField(source="model._meta.model_name")
    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    action = serializers.ChoiceField(["add", "change", "delete"])
    skipped = serializers.CharField(help_text="Why the record is skipped. Empty if it isn't.")


class UndoResultSerializer(serializers.Serializer):
    """The result of an undo."""

    change_set = serializers.IntegerField(
        allow_null=True,
        help_text="The change set of the undo itself. Null in a dry run, or if nothing was undone.",
    )
    done_count = serializers.IntegerField()
    done = ReversalSerializer(many=True, help_text="The first 1,000.")
    also = serializers.ListField(
        source="effects",
        child=serializers.CharField(),
        help_text="Effects on other records, one sentence each.",
    )
    skipped_count = serializers.IntegerField()
    skipped = ReversalSerializer(many=True, help_text="The first 1,000.")


class UndoOptionsSerializer(serializers.Serializer):
    """The options of an undo."""

    anyway = serializers.BooleanField(
        required=False,
        help_text="Undo records that have since been changed too. Later changes of other fields are kept.",
    )


class UndoAutoSchema(HistoryAutoSchema):
    dry_run_example = None  # a dry run has the same response

    def get_override_parameters(self) -> list[Any]:
        return [id_parameter(), DRY_RUN, IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED]

    def get_request_serializer(self) -> Any:
        return UndoOptionsSerializer

    def get_response_serializers(self) -> Any:
        return {200: UndoResultSerializer}

    def get_examples(self) -> list[OpenApiExample]:
        return [
            OpenApiExample("Options", {"anyway": False}, request_only=True),
            OpenApiExample("Result", examples.undo_result(), response_only=True, status_codes=["200"]),
        ]

    def get_problems(self) -> dict[str, Problem]:
        return super().get_problems() | {
            **KEY,
            "permission": Problem(403, permission_message("delete", record_models()[-1])),
            "parameter": Problem(400, INVALID_QUERY, [unknown_parameter("dry_run")]),
            "body": unknown_member("anyway"),
            "nothing": Problem(409, str(NothingUndone([], []).detail), [], {"skipped": []}),
        }


class UndoViewSet(IdempotentWriteMixin, viewsets.ViewSet):
    """Undo a change set, or with ``dry_run`` return what an undo would do."""

    model = ChangeSet
    summaries = {"undo": "Undo a change set"}
    descriptions = {
        "undo": "Reverses the changes of a change set. Records that have changed since are left unchanged and"
        " listed in `skipped`; with `anyway`, their later changes are undone too."
    }
    permission_classes = [AuthenticatedWritePermission]
    schema = UndoAutoSchema()

    def undo(self, request: Request, pk: str) -> Response:
        """Check the permission before anything is locked, then undo."""
        change_set = self.get_object(pk)
        check_permission(request.user, find_actions(change_set, record_models()))
        if not is_dry_run(request):
            return self.execute(request, change_set)
        counts = count_actions(change_set, record_models())
        if counts.total() > DRY_RUN_LIMIT:
            raise TooManyRecords(change_set.pk, counts.total())
        with lock_timeout(LOCK_TIMEOUT):
            return self.execute(request, change_set)

    @idempotent
    def execute(self, request: Request, change_set: ChangeSet) -> Response:
        anyway = self.get_anyway(request)
        with new_change_set(Source.API, request._request, undoes=change_set):
            result = undo(change_set, request.user, record_models(), anyway=anyway)
        if not (result.done or is_dry_run(request)):
            raise NothingUndone(result.skipped, [*change_set.undone_by.values_list("pk", flat=True)])
        listed = {"done": result.done[:LISTED], "skipped": result.skipped[:LISTED]}
        members = {
            name: getattr(result, name) for name in ("change_set", "done_count", "effects", "skipped_count")
        }
        return Response(UndoResultSerializer(members | listed).data)

    def dry_run_response(self, response: Response) -> Response:
        """Return the response to a dry run, which leaves no change set."""
        response.data["change_set"] = None
        return response

    def get_object(self, pk: str) -> ChangeSet:
        change_set = ChangeSet.objects.filter(pk=pk).first() if is_id(pk) else None
        if change_set is None:
            raise not_found(ChangeSet, pk)
        return change_set

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Return the supported methods in ``Allow``."""
        reject_parameters(request)
        return Response(status=204)

    def get_anyway(self, request: Request) -> bool:
        """Return the member ``anyway`` of the body; false if it is omitted."""
        value = optional_members(request, "anyway").get("anyway", False)
        if not isinstance(value, bool):
            raise InvalidBody({"anyway": [ErrorDetail("Send true or false.", "invalid_type")]})
        return value
