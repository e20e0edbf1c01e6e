"""Log records of a request: each carries the request's id, method, path, user and status.

Nothing here looks up a user: a line of the log is no reason for a query.
"""

import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.contrib.auth import get_user
from django.contrib.auth.signals import user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.encoding import escape_uri_path
from django.utils.functional import SimpleLazyObject

from .text import printable

access_log = logging.getLogger("heroesite.access")
security_log = logging.getLogger("heroesite.security")

SECRET_ARGUMENTS = {"key", "token_key", "uidb36"}
"""Arguments in paths that anyone who knows them can use, such as the link to reset a password."""

GetResponse = Callable[[HttpRequest], HttpResponse]
current_request: ContextVar[HttpRequest | None] = ContextVar("current_request", default=None)


class RequestLogMiddleware:
    """Log one line for each request, and give all other lines of the request its context."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = current_request.set(request)
        started = time.monotonic()
        try:
            response = self.get_response(request)
            request.status = response.status_code  # type: ignore[attr-defined]
            milliseconds = round((time.monotonic() - started) * 1000)
            if outage := getattr(request, "outage", None):
                access_log.error("%s Responded in %d ms.", outage.reason, milliseconds)
            else:
                access_log.info("Responded in %d ms.", milliseconds)
            return response
        finally:
            current_request.reset(token)


class LoggedUserMiddleware:
    """Remember the name of a user for the log, as soon as the session's user has been looked up."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        def look_up() -> Any:
            user = get_user(request)
            request.username = user.get_username()  # type: ignore[attr-defined]
            return user

        request.user = SimpleLazyObject(look_up)  # type: ignore[assignment]
        return self.get_response(request)


class RequestFilter(logging.Filter):
    """Add ``context`` to a log record: what is known about the request, or nothing outside a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = current_request.get()
        record.context = context_of(request) if request else ""
        return True


class OutageFilter(logging.Filter):
    """Drop Django's traceback of an outage of the database, which is one line in the access log."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(getattr(record, "request", None), "outage", None) is None


class RejectedHostFilter(logging.Filter):
    """Log a rejected host as one line of level WARNING, without Django's traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


def context_of(request: HttpRequest) -> str:
    values = {
        "request": getattr(request, "id", ""),
        "method": printable(request.method or ""),
        "path": path_of(request),
        "status": getattr(request, "status", ""),
        "user": username_of(request),
    }
    return "".join(f" {name}={value or '-'}" for name, value in values.items())


def path_of(request: HttpRequest) -> str:
    """Return the path of a request without secrets, and without its query string."""
    path = request.path
    for name, value in (request.resolver_match.kwargs if request.resolver_match else {}).items():
        if name in SECRET_ARGUMENTS:
            path = path.replace(str(value), "***")
    return escape_uri_path(path)


def username_of(request: HttpRequest) -> str:
    """Return the name of the user, or nothing if it hasn't been looked up or is a visitor's."""
    user = getattr(request, "user", None)
    if user is None or type(user) is SimpleLazyObject:
        return printable(getattr(request, "username", ""))
    return printable(str(user.get_username()))


@receiver(user_login_failed)
def log_failed_sign_in(credentials: dict[str, Any], **_kwargs: Any) -> None:
    security_log.warning("Sign-in failed for “%s”.", printable(str(credentials.get("username", ""))))
