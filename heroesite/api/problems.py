"""Problem details (RFC 9457): the shape of every error that a program gets."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy as _
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import ErrorResponse
from rest_framework import exceptions
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.response import Response

from heroesite.text import printable

MEDIA_TYPE = "application/problem+json"
FAILED = _("Something went wrong here, and it has been noted. Try again in a moment.")


@dataclass(frozen=True)
class Problem:
    """One problem.

    Args:
        status: the HTTP status.
        detail: a sentence that names the fault and the mend.
        errors: for each fault a ``pointer`` into the body or the name of a ``parameter``, a
            ``message`` and a ``code`` that never changes.
        more: further members, as RFC 9457 allows (section 3.2).
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

    def answer(self, request: HttpRequest) -> HttpResponse:
        return JsonResponse(self.members(request), status=self.status, content_type=MEDIA_TYPE)


class InvalidBody(exceptions.ValidationError):
    """The body is well formed and breaks a rule."""

    status_code = HTTPStatus.UNPROCESSABLE_ENTITY


@dataclass(frozen=True)
class ItemError:
    """A fault in a body: a pointer to where it is, what is wrong, and a code that never changes."""

    pointer: str
    message: str
    code: str | None


class InvalidItems(exceptions.APIException):
    """Items of a list that break a rule or, if ``stale``, are not at the version that was seen."""

    default_code = "invalid"

    def __init__(self, faults: Sequence[ItemError], *, stale: bool = False) -> None:
        super().__init__("Nothing was done, since some items cannot be taken: see errors.")
        self.status_code = HTTPStatus.CONFLICT if stale else HTTPStatus.UNPROCESSABLE_ENTITY
        self.members = {"errors": [asdict(fault) for fault in faults]}


class InvalidQuery(exceptions.ValidationError):
    """A parameter in the query string is unknown or unusable."""

    status_code = HTTPStatus.BAD_REQUEST


def refuse_parameters(request: Request) -> None:
    """Refuse a query string where there is nothing to ask."""
    if request.query_params:
        words = ErrorDetail("There are no parameters here. Leave it out.", "unknown")
        raise InvalidQuery({printable(name): [words] for name in request.query_params})


def optional_members(request: Request, *known: str) -> dict[str, Any]:
    """The members of a body that may be left out.

    Raises:
        InvalidBody: it is no object, or has others than ``known``.
    """
    body = request.data if request.META.get("CONTENT_LENGTH") not in (None, "", "0") else {}
    if not isinstance(body, dict):
        raise InvalidBody({"non_field_errors": [ErrorDetail("Send a JSON object.", "not_an_object")]})
    for name in body:
        if name not in known:
            raise InvalidBody({printable(name): [ErrorDetail(no_member(*known), "unknown")]})
    return body


def no_member(*known: str) -> str:
    there = f"there is: {', '.join(known)}" if known else "leave the body out"
    return f"There is no such member; {there}."


class ProblemFormatter(ExceptionFormatter):
    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        errors = error_response.errors
        if isinstance(self.exc, InvalidQuery):
            detail = "The query string cannot be used: see errors."
            faults = [{"parameter": e.attr or "", "message": e.detail, "code": e.code} for e in errors]
        elif isinstance(self.exc, exceptions.ValidationError):
            detail = "The body breaks a rule: see errors."
            faults = [{"pointer": pointer(e.attr), "message": e.detail, "code": e.code} for e in errors]
        else:
            detail, faults = errors[0].detail, []
        more = getattr(self.exc, "members", {})
        return Problem(self.exc.status_code, detail, faults, more).members(self.context["request"]._request)  # type: ignore[union-attr]


def pointer(member: str | None) -> str:
    """A JSON pointer (RFC 6901) to ``member``; empty, the whole body, where there is none."""
    if member in (None, "non_field_errors", "__all__"):
        return ""
    return "/" + str(member).replace("~", "~0").replace("/", "~1")


class ProblemHandler(ExceptionHandler):
    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if isinstance(exc, Http404):
            return exceptions.NotFound(str(exc))
        if isinstance(exc, ModelValidationError):
            return InvalidBody(exc.message_dict)
        if type(exc) is exceptions.ValidationError:
            return InvalidBody(exc.detail)
        return super().convert_known_exceptions(exc)

    def convert_unhandled_exceptions(self, exc: Exception) -> exceptions.APIException:
        return exc if isinstance(exc, exceptions.APIException) else exceptions.APIException(str(FAILED))

    def get_response(self, exc: exceptions.APIException, data: dict[str, Any]) -> Response:
        headers = self.get_headers(exc)
        return Response(data, status=exc.status_code, headers=headers, content_type=MEDIA_TYPE)
