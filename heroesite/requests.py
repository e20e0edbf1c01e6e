"""What every request and every answer must be like, whatever the door."""

import re
from collections.abc import Callable
from urllib.parse import unquote_to_bytes
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import gettext as _

from .errors import not_allowed, refuse

Answer = Callable[[HttpRequest], HttpResponse]
LONGEST_QUERY = 8192


class RequestId:
    """Gives each request an id, the client's own where it sends a plain one, and tells it."""

    plain = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request.id = given if self.plain.fullmatch(given) else str(uuid4())  # type: ignore[attr-defined]
        answer = self.get_response(request)
        answer["X-Request-Id"] = request.id  # type: ignore[attr-defined]
        return answer


class RequestRules:
    """Refuses, before anything reads it, what no door can make sense of, and says why a method is refused."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if fault := self.fault(request):
            return refuse(request, *fault)
        answer = self.get_response(request)
        return not_allowed(request, answer) if isinstance(answer, HttpResponseNotAllowed) else answer

    def fault(self, request: HttpRequest) -> tuple[int, str] | None:
        query = request.META.get("QUERY_STRING", "")
        if len(query) > LONGEST_QUERY:
            return 400, _("The query string is longer than 8 kB. Ask for less at once.")
        try:
            unquote_to_bytes(query.replace("+", " ")).decode()
        except UnicodeDecodeError:
            return 400, _("The query string is not UTF-8. Encode it as UTF-8.")
        cookies = "".join(request.COOKIES.values())
        if "\0" in request.path or "%00" in query or "\0" in query or "\0" in cookies:
            return 400, _("The request holds a NUL character. Remove it.")
        if length := request.META.get("CONTENT_LENGTH"):
            if not (length.isascii() and length.isdigit()):
                return 400, _("Content-Length is not a number.")
            if int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
                return 413, _("The body is larger than 2 MB. Send less at once.")
        charset = request.content_params.get("charset", "utf-8") if request.content_params else "utf-8"
        if charset.strip("\"'").lower() not in {"utf-8", "utf8"}:
            return 415, _("Send text in UTF-8, not in another character set.")
        if request.content_type == "application/json" and not request.path.startswith("/api/"):
            return 415, _("Pages take forms. Programs send JSON to the API, at /api/v1/.")
        return None


class PrivateAnswers:
    """Keeps what a signed-in person is shown out of shared caches."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        personal = (
            settings.SESSION_COOKIE_NAME in request.COOKIES
            or "Authorization" in request.headers
            or answer.cookies
        )
        if personal and not answer.has_header("Cache-Control"):
            patch_cache_control(answer, private=True, no_cache=True)
        patch_vary_headers(answer, ["Cookie", "Authorization"])
        return answer
