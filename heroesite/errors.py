"""Errors told outside a view: a page for people, problem details for programs."""

from typing import Any

from django.core.exceptions import BadRequest, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .api.problems import FAILED, Problem

API = "/api/"
TITLES = {
    400: gettext_lazy("Bad request"),
    403: gettext_lazy("Forbidden"),
    404: gettext_lazy("Not found"),
    405: gettext_lazy("Method not allowed"),
    413: gettext_lazy("Too large"),
    415: gettext_lazy("Unsupported type of content"),
    429: gettext_lazy("Too many requests"),
    500: gettext_lazy("Server error"),
}
"""What pages are headed with; programs get the phrases of HTTP."""


def refuse(request: HttpRequest, status: int, detail: str) -> HttpResponse:
    """An error answer that says in ``detail`` what is wrong and how to mend it."""
    if request.path.startswith(API):
        return Problem(status, detail).answer(request)
    return render(request, "error.html", told(request, status, detail), status=status)


def told(request: HttpRequest, status: int, detail: str) -> dict[str, Any]:
    """What stands on an error page."""
    request_id = getattr(request, "id", "")
    return {"status": status, "title": TITLES[status], "detail": detail, "request_id": request_id}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, TooManyFieldsSent):
        return refuse(request, 400, _("More than 1,000 fields were sent. Select or send fewer at once."))
    known = isinstance(exception, BadRequest)
    return refuse(request, 400, str(exception) if known else _("The request cannot be understood."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refuse(request, 403, _("You may not do this. Ask an administrator for the permission."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    words = _("The form was not sent from a page of this site, or too long ago. Reload it and try again.")
    return refuse(request, 403, words)


def not_allowed(request: HttpRequest, answer: HttpResponseNotAllowed) -> HttpResponse:
    words = _("This page answers %(allowed)s, not %(method)s.")
    refusal = refuse(request, 405, words % {"allowed": answer["Allow"], "method": request.method})
    refusal["Allow"] = answer["Allow"]
    return refusal


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return refuse(request, 404, _("There is nothing at this address."))


def too_many_requests(request: HttpRequest) -> HttpResponse:
    answer = refuse(request, 429, _("Too many attempts. Try again in five minutes."))
    answer["Retry-After"] = "300"
    return answer


def server_error(request: HttpRequest) -> HttpResponse:
    """Asks neither the session nor the user, since the database may be what is away."""
    if request.path.startswith(API):
        return Problem(500, str(FAILED)).answer(request)
    return HttpResponse(render_to_string("error.html", told(request, 500, str(FAILED))), status=500)
