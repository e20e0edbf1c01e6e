"""Errors told outside a view: a page for people, problem details for programs."""

from http import HTTPStatus

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from .api.problems import Problem

API = "/api/"


def refuse(request: HttpRequest, status: int, detail: str) -> HttpResponse:
    """An error answer that says in ``detail`` what is wrong and how to mend it."""
    if request.path.startswith(API):
        return Problem(status, detail).answer(request)
    title = HTTPStatus(status).phrase
    context = {"status": status, "title": title, "detail": detail, "request_id": getattr(request, "id", "")}
    return render(request, "error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    told = str(exception) if isinstance(exception, BadRequest) else _("The request cannot be understood.")
    return refuse(request, 400, told)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refuse(request, 403, _("You may not do this. Ask an administrator for the permission."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    words = _("The form was not sent from a page of this site, or too long ago. Reload it and try again.")
    return refuse(request, 403, words)


def not_allowed(request: HttpRequest, answer: HttpResponseNotAllowed) -> HttpResponse:
    words = _("This page answers %(allowed)s, not %(method)s.")
    told = refuse(request, 405, words % {"allowed": answer["Allow"], "method": request.method})
    told["Allow"] = answer["Allow"]
    return told


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refuse(request, 404, _("There is nothing at this address."))


def withdrawn(request: HttpRequest, rest: str) -> HttpResponse:
    """Stands at an address of Django's that is not served here."""
    return refuse(request, 404, _("There is nothing at this address."))


def too_many_requests(request: HttpRequest) -> HttpResponse:
    answer = refuse(request, 429, _("That was tried too often. Wait five minutes, then try again."))
    answer["Retry-After"] = "300"
    return answer


def server_error(request: HttpRequest) -> HttpResponse:
    """Asks neither the session nor the user, since the database may be what is away."""
    words = _("Something went wrong here, and it has been noted. Try again in a moment.")
    if request.path.startswith(API):
        return Problem(500, words).answer(request)
    context = {"status": 500, "title": HTTPStatus(500).phrase, "detail": words}
    context["request_id"] = getattr(request, "id", "")
    return HttpResponse(render_to_string("error.html", context), status=500)
