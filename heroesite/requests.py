"""What every request and every answer must be like, whatever the door."""

import re
from collections.abc import Callable
from urllib.parse import unquote_to_bytes
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import gettext as _

from .errors import API, not_allowed, refuse
from .text import printable

GetResponse = Callable[[HttpRequest], HttpResponse]
LONGEST_QUERY = 8000
"""Within the line that gunicorn reads."""
MB = 1_000_000
FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}


class RequestId:
    """Gives each request an id, the client's own where it sends a plain one, and tells it."""

    plain = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request.id = given if self.plain.fullmatch(given) else str(uuid4())  # type: ignore[attr-defined]
        answer = self.get_response(request)
        answer["X-Request-Id"] = request.id  # type: ignore[attr-defined]
        return answer


class RequestRules:
    """Refuses, before anything reads it, what no door can make sense of, and says why a method is refused."""

    def __init__(self, get_response: GetResponse) -> None:
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
        if query.count("&") >= settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:
            return 400, _("The query string has more than 1,000 parameters. Send fewer.")
        try:
            unquote_to_bytes(query.encode("latin-1", "replace")).decode()
        except UnicodeDecodeError:
            return 400, _("The query string is not UTF-8. Encode it as UTF-8.")
        cookies = "".join(request.COOKIES.values())
        if "\0" in request.path or "%00" in query or "\0" in query or "\0" in cookies:
            return 400, _("The request holds a NUL character. Remove it.")
        if request.META.get("HTTP_TRANSFER_ENCODING", "chunked").strip().lower() != "chunked":
            return 400, _("The only transfer coding that is taken is chunked.")
        if "Content-Range" in request.headers:
            return 400, _("Parts of a body are not taken (RFC 9110, section 14.5). Send the whole.")
        if length := request.META.get("CONTENT_LENGTH"):
            if not (length.isascii() and length.isdigit()):
                return 400, _("Content-Length is not a number.")
            is_bulk = request.path.startswith(API) and request.path.rstrip("/").endswith("/bulk")
            most = 10 if is_bulk else 2
            if len(length) > 19 or int(length) > most * MB:
                return 413, _("The body is larger than %(most)d MB. Send less at once.") % {"most": most}
        return self.wrong_content(request, bool(length and length != "0"))

    def wrong_content(self, request: HttpRequest, has_body: bool) -> tuple[int, str] | None:
        """What is wrong with the kind of the body."""
        kind, charset = request.content_type or "", (request.content_params or {}).get("charset", "utf-8")
        if charset.strip("\"'").lower() not in {"utf-8", "utf8"}:
            return 415, _("Send text in UTF-8, not in another character set.")
        if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            return 415, _("Send the body as it is, without a content coding.")
        if request.path.startswith(API):
            return (415, _("Name one type of content: application/json.")) if "*" in kind else None
        if kind == "application/json" and request.method not in ("GET", "HEAD"):
            return 415, _("Pages take forms. Programs send JSON to the API, at /api/v1/.")
        if has_body and kind not in FORMS:
            return 415, _("Pages take forms, not %(kind)s.") % {
                "kind": printable(kind) or _("an unnamed type")
            }
        return None


class CompressedPages(GZipMiddleware):
    """Compresses pages and what belongs to them. The API's answers stay as they are: their strong ETags are
    of the bytes sent."""

    kinds = {"text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml"}

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.get("Content-Type", "").partition(";")[0]
        if request.path.startswith(API) or kind not in self.kinds or response.status_code == 206:
            return response
        return super().process_response(request, response)


class PrivateAnswers:
    """Keeps what a signed-in person is shown out of shared caches."""

    def __init__(self, get_response: GetResponse) -> None:
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
