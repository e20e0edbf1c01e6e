"""Problem details (RFC 9457): the format of every error of the API."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as ModelValidationError
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.text import camel_case_to_spaces
from django.utils.translation import gettext_lazy as _
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import ErrorResponse
from rest_framework import exceptions
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.response import Response

from heroesite.api.authentication import SEND_TOKEN
from heroesite.api.negotiation import PROBLEM_JSON
from heroesite.database.outages import Outage, outage_of
from heroesite.text import printable

MEDIA_TYPE = PROBLEM_JSON
INVALID_BODY = "The request body is invalid. See `errors`."
INVALID_QUERY = "Invalid query parameters. See `errors`."
INVALID_ITEMS = "No changes were made because some items are invalid. See `errors`."
SEND_OBJECT = "Send a JSON object."
NO_PERMISSION = "You don't have permission to do this. Ask an administrator."
SET_TYPE = "Set Content-Type to application/json."
NOT_ACCEPTABLE = "The API responds in JSON. Set Accept to application/json."
SERVER_ERROR = _("Something went wrong on our end. The error has been logged; please try again.")


@dataclass(frozen=True)
class Problem:
    """A problem document.

    Args:
        status: the HTTP status.
        detail: a sentence that says what is wrong and how to fix it.
        errors: for each error a ``pointer`` into the body or the name of a ``parameter``, a ``message``
            and a stable ``code``.
        more: further members (RFC 9457, section 3.2).
    """

    status: int
    detail: str
    errors: list[dict[str, str]] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)

    def members(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "errors": self.errors,
            **self.more,
            "request_id": getattr(request, "id", ""),
        }

    def response(self, request: HttpRequest) -> HttpResponse:
        return JsonResponse(self.members(request), status=self.status, content_type=MEDIA_TYPE)


class InvalidBody(exceptions.ValidationError):
    """The body is valid JSON but has invalid values."""

    status_code = HTTPStatus.UNPROCESSABLE_ENTITY


@dataclass(frozen=True)
class ItemError:
    """An error in a body: a JSON pointer, a message and a stable code."""

    pointer: str
    message: str
    code: str | None


class InvalidItems(exceptions.APIException):
    """Items of a list are invalid or, if ``stale``, have another version than their records."""

    default_code = "invalid"

    def __init__(self, errors: Sequence[ItemError], *, stale: bool = False) -> None:
        super().__init__(INVALID_ITEMS)
        self.status_code = HTTPStatus.CONFLICT if stale else HTTPStatus.UNPROCESSABLE_ENTITY
        self.members = {"errors": [asdict(error) for error in errors]}


class InvalidQuery(exceptions.ValidationError):
    """A query parameter is unknown or has an invalid value."""

    status_code = HTTPStatus.BAD_REQUEST


class DatabaseUnavailable(exceptions.APIException):
    """The database is busy, unreachable, read-only or full."""

    def __init__(self, outage: Outage) -> None:
        super().__init__(outage.message)
        self.status_code, self.wait = outage.status, outage.retry_after


def reject_parameters(request: Request) -> None:
    """Raise InvalidQuery for any query parameter."""
    if request.query_params:
        error = ErrorDetail("This endpoint takes no parameters.", "unknown_parameter")
        raise InvalidQuery({printable(name): [error] for name in request.query_params})


def optional_members(request: Request, *known: str) -> dict[str, Any]:
    """Return the members of a body that can be left out.

    Raises:
        InvalidBody: it isn't an object, or has members that aren't ``known``.
    """
    body = request.data if request.META.get("CONTENT_LENGTH") not in (None, "", "0") else {}
    if not isinstance(body, dict):
        raise InvalidBody({"non_field_errors": [ErrorDetail(SEND_OBJECT, "invalid_type")]})
    for name in body:
        if name not in known:
            error = ErrorDetail(unknown_member_message(*known), "unknown_member")
            raise InvalidBody({printable(name): [error]})
    return body


def unknown_member_message(*known: str) -> str:
    if not known:
        return "Unknown member. This endpoint takes no body."
    return f"Unknown member. Use one of: {', '.join(known)}."


def unknown_id_message(model: type[Model], key: Any) -> str:
    """Return the message for an id that no object has, with the name of the class.

    On pages, a change set is a change.
    """
    return f"No {camel_case_to_spaces(model.__name__)} has the id {printable(str(key))}."


class ProblemFormatter(ExceptionFormatter):
    """Format an exception as the members of a problem document."""

    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        found = error_response.errors
        if isinstance(self.exc, InvalidQuery):
            detail = INVALID_QUERY
            errors = [{"parameter": e.attr or "", "message": e.detail, "code": e.code} for e in found]
        elif isinstance(self.exc, exceptions.ValidationError):
            detail = INVALID_BODY
            errors = [{"pointer": pointer(e.attr), "message": e.detail, "code": e.code} for e in found]
        else:
            detail, errors = found[0].detail, []
        more = getattr(self.exc, "members", {})
        problem = Problem(self.exc.status_code, detail, errors, more)
        return problem.members(self.context["request"]._request)  # type: ignore[union-attr]


def pointer(member: str | None) -> str:
    """Return a JSON pointer (RFC 6901) to ``member``; empty for an error of the body as a whole."""
    if member in (None, "non_field_errors", "__all__"):
        return ""
    return f"/{escape_member(str(member))}"


def escape_member(name: str) -> str:
    """Return the name of a member as JSON pointers write it (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


class ProblemHandler(ExceptionHandler):
    """Convert whatever a view raises to a problem document."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if isinstance(exc, Http404):
            return exceptions.NotFound(str(exc))
        if isinstance(exc, PermissionDenied):
            return exceptions.PermissionDenied(str(exc) or NO_PERMISSION)
        if isinstance(exc, ModelValidationError):
            return InvalidBody(exc.message_dict)
        if type(exc) is exceptions.ValidationError:
            return InvalidBody(exc.detail)
        if isinstance(exc, exceptions.APIException):
            self.reword(exc)
        elif outage := outage_of(exc):
            self.context["request"]._request.outage = outage  # type: ignore[union-attr]  # for the access log
            return DatabaseUnavailable(outage)
        return exc

    def report_exception(self, exc: exceptions.APIException, response: Response) -> None:
        """Log a server error with its traceback; an outage is one line in the access log."""
        if not isinstance(exc, DatabaseUnavailable):
            super().report_exception(exc, response)

    def reword(self, exc: exceptions.APIException) -> None:
        """Replace DRF's own message with one that says how to fix the error."""
        request: Any = self.context["request"]
        if isinstance(exc, exceptions.MethodNotAllowed):
            allowed = ", ".join(self.context["view"].allowed_methods)
            message = f"{printable(request.method or '')} isn't supported here. Use one of: {allowed}."
        elif isinstance(exc, exceptions.UnsupportedMediaType):
            message = f"Unsupported media type “{printable(request.content_type)}”. {SET_TYPE}"
        elif isinstance(exc, exceptions.NotAcceptable):
            message = NOT_ACCEPTABLE
        elif isinstance(exc, exceptions.NotAuthenticated):
            message = SEND_TOKEN
        elif isinstance(exc, exceptions.PermissionDenied) and exc.detail == exc.default_detail:
            message = NO_PERMISSION
        else:
            return
        exc.detail = ErrorDetail(message, exc.default_code)

    def convert_unhandled_exceptions(self, exc: Exception) -> exceptions.APIException:
        return exc if isinstance(exc, exceptions.APIException) else exceptions.APIException(str(SERVER_ERROR))

    def get_response(self, exc: exceptions.APIException, data: dict[str, Any]) -> Response:
        headers = self.get_headers(exc)
        return Response(data, status=exc.status_code, headers=headers, content_type=MEDIA_TYPE)
