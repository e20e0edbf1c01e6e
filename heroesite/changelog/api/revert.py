"""The API endpoint that reverts a record to an earlier version."""

from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import OpenApiExample
from rest_framework.exceptions import APIException, NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from heroesite.api.conditional import PreconditionFailed
from heroesite.api.openapi.examples import AUTOMATIC, KEY, unknown_member, unknown_parameter
from heroesite.api.openapi.parameters import (
    DRY_RUN,
    ETAG,
    IDEMPOTENCY_KEY,
    IDEMPOTENCY_REPLAYED,
    IF_MATCH,
    id_parameter,
)
from heroesite.api.problems import INVALID_QUERY, Problem, optional_members
from heroesite.changelog.api.schema import HistoryAutoSchema
from heroesite.changelog.revert import WAS_DELETED, check_permission, revert
from heroesite.ids import is_id
from heroesite.records.api.errors import not_found
from heroesite.records.api.permissions import AuthenticatedWritePermission
from heroesite.records.api.viewsets import RecordViewSet
from heroesite.records.api.writes import idempotent
from heroesite.records.permissions import permission_message
from heroesite.text import printable


class CannotRevert(APIException):
    """The version is a deletion, or its values are no longer valid."""

    status_code = 409
    default_code = "cannot_revert"


class RevertAutoSchema(HistoryAutoSchema):
    def get_override_parameters(self) -> list[Any]:
        path = [id_parameter(name) for name in ("id", "version")]
        return [*path, DRY_RUN, IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED, IF_MATCH, ETAG]

    def get_request_serializer(self) -> Any:
        return None

    def get_response_serializers(self) -> Any:
        return {200: self.view.serializer_class}

    def get_examples(self) -> list[OpenApiExample]:
        shown = {"id": 1, **self.view.example, **self.view.nested_example}
        return [OpenApiExample("Reverted", shown | AUTOMATIC, response_only=True, status_codes=["200"])]

    def get_problems(self) -> dict[str, Problem]:
        return super().get_problems() | {
            **KEY,
            "permission": Problem(403, permission_message("change", self.view.model)),
            "parameter": Problem(400, INVALID_QUERY, [unknown_parameter("dry_run")]),
            "body": unknown_member(),
            "deleted version": Problem(409, str(WAS_DELETED)),
        }


class Revert(RecordViewSet):
    """Revert records of one model; the response is that of any other change."""

    summaries = {"revert": "Revert a {name}"}
    descriptions = {
        "revert": "Restores the values of an earlier version of a {name}, as a new version. If the {name}"
        " has been deleted, it is restored too."
    }
    permission_classes = [AuthenticatedWritePermission]
    schema = RevertAutoSchema()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the permission before anything is locked."""
        super().initial(request, *args, **kwargs)
        if request.method == "POST":
            entry = self.find(kwargs["pk"], kwargs["version"])
            exists = self.model.objects.filter(pk=entry.id).exists()
            check_permission(request.user, self.model, exists=exists)

    @idempotent
    def revert(self, request: Request, pk: str, version: str) -> Response:
        optional_members(request)
        entry = self.find(pk, version)
        stored = self.model.load(entry.id, lock=True)
        if stored:
            self.check_conditions(stored)
        elif "If-Match" in request.headers:  # which nothing can match
            raise PreconditionFailed(self.model.deletion_entry(pk).version)
        try:
            record = revert(self.model, entry, request.user)
        except ValidationError as error:
            raise CannotRevert(" ".join(error.messages)) from error
        response = Response(self.get_serializer(record).data)
        return self.log_disclosures(self.with_etag(response, record), [record])

    def find(self, pk: str, version: str) -> Any:
        entries = self.model.history.filter(id=pk if is_id(pk) else None)
        entry = entries.filter(version=version).first() if is_id(version) else None
        if entry is None:
            if not entries.exists():
                raise not_found(self.model, pk)
            name = self.model._meta.verbose_name
            raise NotFound(
                f"This {name} has no version {printable(version)}. Use one that its history lists."
            )
        return entry


def revert_view(viewset: type[RecordViewSet]) -> Any:
    """Return a view that reverts the records of ``viewset``."""
    both: type[RecordViewSet] = type(f"{viewset.__name__}Revert", (Revert, viewset), {})
    return both.as_view({"post": "revert"})
