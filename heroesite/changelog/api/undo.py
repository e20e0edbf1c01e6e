"""The API's way to undo a change set."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import serializers, viewsets
from rest_framework.exceptions import APIException, ErrorDetail, NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from heroesite.api.openapi.examples import REPEATING, UNUSABLE, no_such_parameter, unknown_member
from heroesite.api.openapi.schema import DRY_RUN, KEY, REPLAYED
from heroesite.api.problems import InvalidBody, Problem, optional_members, refuse_parameters
from heroesite.changelog.api.schema import HistoryAutoSchema
from heroesite.changelog.undo import Reversal, UndoResult, undo
from heroesite.ids import is_id
from heroesite.records.api.filter_backend import is_dry_run
from heroesite.records.api.permissions import AuthenticatedWritePermission
from heroesite.records.api.writes import TOLD, Write, once
from heroesite.records.audit.change_sets import ChangeSet, Source, new_change_set
from heroesite.records.models.base import record_models


class NothingUndone(APIException):
    """All that the change set did has been changed since, or cannot be undone."""

    status_code = 409
    default_code = "nothing_undone"

    def __init__(self, left: Sequence[Reversal], undone_by: Sequence[int]) -> None:
        words = "Nothing of this change set can be undone"
        if undone_by:
            words += f"; it was undone by change set {undone_by[0]}, which can be undone itself"
        super().__init__(f"{words}: see left.")
        self.members = {"left": ReversalSerializer(left[:TOLD], many=True).data}


class ReversalSerializer(serializers.Serializer):
    """What undoing does, or does not do, to one record."""

    kind = serializers.CharField(source="kind._meta.model_name")
    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    action = serializers.ChoiceField(["add", "change", "delete"])
    left = serializers.CharField(help_text="Why it is left alone; empty where it is not.")


class UndoneSerializer(serializers.Serializer):
    """What an undo did."""

    change_set = serializers.IntegerField(allow_null=True, help_text="None where it is a rehearsal.")
    done_count = serializers.IntegerField()
    done = ReversalSerializer(many=True, help_text="The first 1,000.")
    also = serializers.ListField(child=serializers.CharField(), help_text="What else is changed by it.")
    left_count = serializers.IntegerField()
    left = ReversalSerializer(many=True, help_text="The first 1,000.")


class AnywaySerializer(serializers.Serializer):
    """Whether to undo what was changed since as well."""

    anyway = serializers.BooleanField(required=False)


class UndoAutoSchema(HistoryAutoSchema):
    rehearsed = None  # it has a shape of its own

    def get_override_parameters(self) -> list[Any]:
        return [OpenApiParameter("id", int, OpenApiParameter.PATH), DRY_RUN, KEY, REPLAYED]

    def get_request_serializer(self) -> Any:
        return AnywaySerializer

    def get_response_serializers(self) -> Any:
        return {200: UndoneSerializer}

    def get_examples(self) -> list[OpenApiExample]:
        return [
            OpenApiExample("An undo", {"anyway": False}, request_only=True),
            OpenApiExample("What was undone", UNDONE, response_only=True, status_codes=["200"]),
        ]

    def get_problems(self) -> dict[str, Problem]:
        fault = no_such_parameter("dry_run")
        return super().get_problems() | {
            **REPEATING,
            "parameter": Problem(400, UNUSABLE, [fault]),
            "rule": unknown_member("anyway"),
            "nothing": Problem(409, "Nothing of this change set can be undone: see left.", [], {"left": []}),
        }


UNDONE = {
    "change_set": 8,
    "done_count": 1,
    "done": [{"kind": "hero", "id": 1, "name": "Lamplighter", "action": "change", "left": ""}],
    "also": [],
    "left_count": 0,
    "left": [],
}


class UndoViewSet(Write, viewsets.ViewSet):
    """Undoes a change set; with ``dry_run`` it only says what that would do."""

    model = ChangeSet
    summaries = {"undo": "Undo a {kind}"}
    permission_classes = [AuthenticatedWritePermission]
    schema = UndoAutoSchema()

    @once
    def undo(self, request: Request, pk: str) -> Response:
        change_set, anyway = self.find(pk), self.anyway(request)
        with new_change_set(Source.API, request._request, undoes=change_set):
            undone = undo(change_set, request.user, record_models(), anyway=anyway)
        if not (undone.done or is_dry_run(request)):
            raise NothingUndone(undone.left, [*change_set.undone_by.values_list("pk", flat=True)])
        return self.answer(undone)

    def rehearsal(self, answer: Response) -> Response:
        answer.data["change_set"] = None
        return answer

    def find(self, pk: str) -> ChangeSet:
        change_set = ChangeSet.objects.filter(pk=pk).first() if is_id(pk) else None
        if change_set is None:
            raise NotFound("Change set not found")
        return change_set

    def answer(self, undone: UndoResult) -> Response:
        told = {
            "change_set": undone.change_set,
            "done_count": len(undone.done),
            "done": undone.done[:TOLD],
            "also": undone.also,
            "left_count": len(undone.left),
            "left": undone.left[:TOLD],
        }
        return Response(UndoneSerializer(told).data)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """The methods, in ``Allow``."""
        refuse_parameters(request)
        return Response(status=204)

    def anyway(self, request: Request) -> bool:
        """What the body says; none says no."""
        said = optional_members(request, "anyway").get("anyway", False)
        if not isinstance(said, bool):
            raise InvalidBody({"anyway": [ErrorDetail("Send true or false.", "invalid")]})
        return said
