"""Middleware for every request: ids, languages, early validation, and response headers."""

import re
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_to_bytes
from uuid import uuid4

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.middleware.common import CommonMiddleware
from django.middleware.gzip import GZipMiddleware
from django.middleware.locale import LocaleMiddleware
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import escape_leading_slashes
from django.utils.translation import activate
from django.utils.translation import gettext as _
from django.views.generic import RedirectView

from .errors import error_response, is_api, method_not_allowed
from .request_bodies import is_body_complete
from .text import printable

GetResponse = Callable[[HttpRequest], HttpResponse]
MAX_QUERY_LENGTH = 8000
"""Shorter than the longest request line that gunicorn accepts."""
MB = 1_000_000
PAGE_METHODS = ["GET", "HEAD", "OPTIONS", "POST"]
READ_ONLY_ADMIN = re.compile("index|app_list|jsi18n|autocomplete|password_change_done|.*_history")
"""Names of pages of Django's admin that respond to a POST as to a GET."""
FORM_TYPES = {"application/x-www-form-urlencoded", "multipart/form-data"}


class RequestIdMiddleware:
    """Give each request an id, the client's own if it sends a plain one, and return it in X-Request-Id."""

    plain = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = request.META.get("HTTP_X_REQUEST_ID", "")
        request.id = sent if self.plain.fullmatch(sent) else str(uuid4())  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = request.id  # type: ignore[attr-defined]
        return response


class PageLocaleMiddleware(LocaleMiddleware):
    """Activate the language of a page: the selected one, or the browser's. The API is always in English.

    It comes before everything that produces text, because a thread keeps the language of its last request.
    """

    def process_request(self, request: HttpRequest) -> None:
        if is_api(request):
            activate(settings.LANGUAGE_CODE)
            request.LANGUAGE_CODE = settings.LANGUAGE_CODE
        else:
            super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        return response if is_api(request) else super().process_response(request, response)


class RequestValidationMiddleware:
    """Reject requests that no interface can handle."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if error := self.query_error(request) or self.body_error(request):
            return error_response(request, *error)
        # Before any view: a slow upload must not hold locks.
        if request.method not in ("GET", "HEAD") and not is_body_complete(request):
            message = _("The request body is incomplete. Send the request again.")
            return error_response(request, 400, message)
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed):
            return method_not_allowed(request, response["Allow"])
        return response

    def process_view(self, request: HttpRequest, view: Any, _args: Any, _kwargs: Any) -> HttpResponse | None:
        """Reject a method that a page doesn't support: many views respond to any method as to a GET."""
        if is_api(request):
            return None
        allowed = methods_of_page(request, view)
        return None if request.method in allowed else method_not_allowed(request, ", ".join(allowed))

    def query_error(self, request: HttpRequest) -> tuple[int, str] | None:
        """Return the status and message for a query string, path or cookie that can't be read."""
        query = request.META.get("QUERY_STRING", "")
        if len(query) > MAX_QUERY_LENGTH:
            return 400, _("The query string is longer than 8 kB. Shorten it.")
        if query.count("&") >= settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:
            return 400, _("The query string has more than 1,000 parameters. Send fewer.")
        try:
            unquote_to_bytes(query.encode("latin-1", "replace")).decode()
        except UnicodeDecodeError:
            return 400, _("The query string isn't UTF-8. Encode it as UTF-8.")
        cookies = "".join(request.COOKIES.values())
        if "\0" in request.path or "%00" in query or "\0" in query or "\0" in cookies:
            return 400, _("The request contains a NUL character. Remove it.")
        return None

    def body_error(self, request: HttpRequest) -> tuple[int, str] | None:
        """Return the status and message for a body of a wrong size or type."""
        if request.META.get("HTTP_TRANSFER_ENCODING", "chunked").strip().lower() != "chunked":
            return 400, _("Unsupported Transfer-Encoding; only chunked is supported.")
        if "Content-Range" in request.headers:  # RFC 9110, section 14.5
            return 400, _("Content-Range isn't supported; send the complete body.")
        length = request.META.get("CONTENT_LENGTH")
        if length:
            if not (length.isascii() and length.isdigit()):
                return 400, _("Content-Length isn't a number. Send the size of the body in bytes.")
            is_bulk = is_api(request) and request.path.rstrip("/").endswith("/bulk")
            limit = 10 if is_bulk else 2
            if len(length) > 19 or int(length) > limit * MB:
                message = _("The request body is larger than %(limit)d MB. Send less at once.")
                return 413, message % {"limit": limit}
        return self.type_error(request, bool(length and length != "0"))

    def type_error(self, request: HttpRequest, has_body: bool) -> tuple[int, str] | None:
        """Return the status and message for a body that is in the wrong format."""
        media_type, parameters = request.content_type or "", request.content_params or {}
        if parameters.get("charset", "utf-8").strip("\"'").lower() not in {"utf-8", "utf8"}:
            return 415, _("Unsupported character set. Send text as UTF-8.")
        if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            return 415, _("Content-Encoding isn't supported; send the body uncompressed.")
        if is_api(request):
            return (415, _("Set Content-Type to application/json.")) if "*" in media_type else None
        if media_type == "application/json" and request.method not in ("GET", "HEAD"):
            return 415, _("Pages accept forms only. Send JSON to the API at /api/v1/.")
        if has_body and media_type not in FORM_TYPES:
            if not media_type:
                return 415, _(
                    "Pages accept forms only. Set Content-Type to application/x-www-form-urlencoded."
                )
            message = _("Pages accept forms, not %(type)s. Send API requests to /api/v1/.")
            return 415, message % {"type": printable(media_type)}
        return None


def methods_of_page(request: HttpRequest, view: Any) -> list[str]:
    """Return the methods that a page supports; those of a function are for its decorators to restrict."""
    view_class, match = getattr(view, "view_class", None), request.resolver_match
    if view_class and issubclass(view_class, RedirectView):
        return ["GET", "HEAD"]
    if match and match.app_name == "admin":
        read_only = READ_ONLY_ADMIN.fullmatch(match.url_name or "")
        return [method for method in PAGE_METHODS if not (read_only and method == "POST")]
    if view_class is None:
        return PAGE_METHODS
    handlers = {"head": "get"}  # View.setup() adds head to each view with get
    names = [name for name in view_class.http_method_names if hasattr(view_class, handlers.get(name, name))]
    return [name.upper() for name in names if name.upper() in PAGE_METHODS]


class SlashMiddleware(CommonMiddleware):
    """Redirect to the URL with a trailing slash, so that browsers resend a form."""

    def get_full_path_with_slash(self, request: HttpRequest) -> str:
        """Return the address. Django's own method raises an error for a form if ``DEBUG`` is set."""
        return escape_leading_slashes(request.get_full_path(force_append_slash=True))

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Keep the method and the body in a redirect of the admin too, which adds slashes itself."""
        response = super().process_response(request, response)
        if response.status_code == HTTPStatus.MOVED_PERMANENTLY and request.method not in ("GET", "HEAD"):
            response.status_code = HTTPStatus.PERMANENT_REDIRECT
        return response


class SecurityHeadersMiddleware:
    """Add the security headers that Django doesn't, and sort the values of headers.

    Scripts of CORS_ORIGINS can read the API despite the Cross-Origin-Resource-Policy, which is for requests
    without CORS: other sites can't embed a response as an image or a script.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        response["Permissions-Policy"] = settings.PERMISSIONS_POLICY
        for name, separator in {"Content-Security-Policy": "; ", "Vary": ", "}.items():
            if name in response:
                response[name] = sort_items(response[name], separator)
        return response


@lru_cache(100)
def sort_items(value: str, separator: str) -> str:
    """Return the value of a header with its items in alphabetical order, ignoring case."""
    return separator.join(sorted(value.split(separator), key=str.lower))


class PolicyMiddleware(CSPMiddleware):
    """Add the Content-Security-Policy, which is built once. Only ``csp_update`` can change it for a view."""

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        self.policy = build_policy()

    def process_request(self, request: HttpRequest) -> None:
        """Do nothing: no page has a nonce."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if settings.DEBUG or hasattr(response, "_csp_update"):
            return super().process_response(request, response)
        response.setdefault(HEADER, self.policy)
        return response


class PageCompressionMiddleware(GZipMiddleware):
    """Compress pages, styles and scripts, but not the API: its strong ETags are of the bytes sent."""

    types = {"text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml"}

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        media_type = response.get("Content-Type", "").partition(";")[0]
        if is_api(request) or media_type not in self.types or response.status_code == 206:
            return response
        return super().process_response(request, response)


class CacheControlMiddleware:
    """Keep personal responses out of shared caches, and let them store anonymous ones for a second.

    One response then serves many visitors. Requests with a cookie or a token aren't anonymous, so users see
    their own changes at once.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        patch_vary_headers(response, ["Cookie", "Authorization"])
        if response.has_header("Cache-Control"):
            return response
        if request.COOKIES or "Authorization" in request.headers or response.cookies:
            patch_cache_control(response, private=True, no_cache=True)
        elif is_cacheable(request, response):
            patch_cache_control(response, public=True, max_age=0, s_maxage=1)
        return response


def is_cacheable(request: HttpRequest, response: HttpResponse) -> bool:
    """Return whether the response to an anonymous request is the same for every visitor."""
    return (
        settings.PUBLIC_READ
        and request.method in ("GET", "HEAD")
        and response.status_code in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED)
    )
