"""Error responses outside a view: a page for people, problem details for programs."""

import sys
from typing import Any

from django.core.exceptions import BadRequest, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .api.problems import SERVER_ERROR, Problem
from .database.outages import Outage, outage_of

TITLES = {
    400: gettext_lazy("Bad request"),
    403: gettext_lazy("Permission denied"),
    404: gettext_lazy("Page not found"),
    405: gettext_lazy("Method not allowed"),
    413: gettext_lazy("Request too large"),
    415: gettext_lazy("Unsupported format"),
    429: gettext_lazy("Too many attempts"),
    500: gettext_lazy("Server error"),
    503: gettext_lazy("Temporarily unavailable"),
    507: gettext_lazy("Storage is full"),
}
"""The headings of error pages; problem details have the reason phrases of HTTP."""


def is_api(request: HttpRequest) -> bool:
    """Return whether the response is for a program."""
    return request.path.startswith("/api/")


def error_response(request: HttpRequest, status: int, detail: str) -> HttpResponse:
    """Return an error page or a problem document.

    Args:
        detail: what is wrong and how to fix it.
    """
    if is_api(request):
        return Problem(status, detail).response(request)
    return render(request, "error.html", error_context(request, status, detail), status=status)


def error_context(request: HttpRequest, status: int, detail: str) -> dict[str, Any]:
    """Return the context of the template ``error.html``."""
    request_id = getattr(request, "id", "")
    return {"status": status, "title": TITLES[status], "detail": detail, "request_id": request_id}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, TooManyFieldsSent):
        return error_response(request, 400, _("The form has more than 1,000 fields. Select or send fewer."))
    if isinstance(exception, BadRequest):
        return error_response(request, 400, str(exception))
    return error_response(request, 400, _("We couldn't read this request. Go back and try again."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    message = _("You don't have permission to do this. Ask an administrator for the Editors role.")
    return error_response(request, 403, message)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    message = _("This form has expired or comes from another site. Reload the page and try again.")
    return error_response(request, 403, message)


def method_not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    """Return a 405.

    Args:
        allowed: the methods that the address supports, as in the header ``Allow``.
    """
    message = _("This page doesn't support %(method)s. Use one of: %(allowed)s.")
    response = error_response(request, 405, message % {"method": request.method, "allowed": allowed})
    response["Allow"] = allowed
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_response(request, 404, _("We can't find this page."))


def too_many_requests(request: HttpRequest) -> HttpResponse:
    response = error_response(request, 429, _("Too many attempts. Try again in five minutes."))
    response["Retry-After"] = "300"
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Return a 500 or, for an exception that reports an outage of the database, a 503 or 507.

    Django calls this from its handler of an exception, raised by a view or by middleware.
    """
    outage = outage_of(sys.exception())
    if outage is None:
        return response_without_query(request, 500, str(SERVER_ERROR))
    return unavailable(request, outage)


def unavailable(request: HttpRequest, outage: Outage) -> HttpResponse:
    request.outage = outage  # type: ignore[attr-defined]  # for the access log
    response = response_without_query(request, outage.status, outage.message)
    if outage.retry_after:
        response["Retry-After"] = str(outage.retry_after)
    return response


def response_without_query(request: HttpRequest, status: int, detail: str) -> HttpResponse:
    """Return an error page or a problem document. The page is rendered without the session and the user."""
    if is_api(request):
        return Problem(status, detail).response(request)
    content = render_to_string("error.html", error_context(request, status, detail))
    return HttpResponse(content, status=status)
