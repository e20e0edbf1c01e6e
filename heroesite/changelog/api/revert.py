"""The API's way to give a record the values that it had."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework.exceptions import APIException, NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from heroesite.api.conditional import PreconditionFailed
from heroesite.api.openapi.examples import REPEATING, no_such_parameter, unknown_member
from heroesite.api.openapi.schema import AUTOMATIC, DRY_RUN, KEY, REPLAYED, SEEN, TAG
from heroesite.api.problems import INVALID_QUERY, Problem, optional_members
from heroesite.changelog.api.schema import HistoryAutoSchema
from heroesite.changelog.revert import revert
from heroesite.ids import is_id
from heroesite.records.api.permissions import AuthenticatedWritePermission
from heroesite.records.api.viewsets import RecordViewSet
from heroesite.records.api.writes import once
from heroesite.text import printable

WAS_DELETED = "It was deleted then. Choose an earlier entry."


class CannotRevert(APIException):
    """The record cannot be as it was: by the rules, or since it was deleted then."""

    status_code = 409
    default_code = "cannot_revert"


class RevertAutoSchema(HistoryAutoSchema):
    def get_override_parameters(self) -> list[Any]:
        path = [OpenApiParameter(name, int, OpenApiParameter.PATH) for name in ("id", "version")]
        return [*path, DRY_RUN, KEY, REPLAYED, SEEN, TAG]

    def get_request_serializer(self) -> Any:
        return None

    def get_response_serializers(self) -> Any:
        return {200: self.view.serializer_class}

    def get_examples(self) -> list[OpenApiExample]:
        shown = {"id": 1, **self.view.example, **self.view.nested_example}
        return [OpenApiExample("As it was", shown | AUTOMATIC, response_only=True, status_codes=["200"])]

    def get_problems(self) -> dict[str, Problem]:
        return super().get_problems() | {
            **REPEATING,
            "parameter": Problem(400, INVALID_QUERY, [no_such_parameter("dry_run")]),
            "rule": unknown_member(),
            "deleted then": Problem(409, WAS_DELETED),
        }


class Revert(RecordViewSet):
    """One kind of record, to be given the values that it had; its answers are those to any other change."""

    summaries = {"revert": "Give a {kind} the values that it had"}
    permission_classes = [AuthenticatedWritePermission]
    schema = RevertAutoSchema()

    @once
    def revert(self, request: Request, pk: str, version: str) -> Response:
        optional_members(request)
        entry = self.find(pk, version)
        stored = self.model.objects.filter(pk=entry.id).select_for_update().first()
        if stored:
            self.check_conditions(stored)
        elif "If-Match" in request.headers:  # which nothing can match
            raise PreconditionFailed(self.model.deletion_entry(pk).version)
        try:
            record = revert(self.model, entry, request.user)
        except ValidationError as error:
            raise CannotRevert(" ".join(error.messages)) from error
        answer = Response(self.get_serializer(record).data)
        return self.disclosing(self.tagged(answer, record), [record])

    def find(self, pk: str, version: str) -> Any:
        entries = self.model.history.filter(id=pk if is_id(pk) else None)
        entry = entries.filter(version=version).first() if is_id(version) else None
        if entry is None:
            kind = str(self.model._meta.verbose_name)
            known = entries.exists()
            raise NotFound(
                f"The {kind} had no version {printable(version)}" if known else f"{capfirst(kind)} not found"
            )
        return entry


def revert_view(viewset: type[RecordViewSet]) -> Any:
    """The view that reverts records of the kind of ``viewset``."""
    both: type[RecordViewSet] = type(f"{viewset.__name__}Revert", (Revert, viewset), {})
    return both.as_view({"post": "revert"})
