"""Stored pages: while nothing is committed, a page is sent again without computing it again.

The ordinary path defines the correct response, and marks those that are the same for all visitors, which a
proxy may store too (see :class:`heroesite.middleware.CacheControlMiddleware`). When such a page is requested
for the second time, it is stored with the token of the data, which is read before the page is computed. It is
sent again while the token is the same, so it is never older than the last commit. Pages also depend on the
date, but not on the time. With ``FAST_READS=false``, no pages are stored: responses are the same, but slower.
"""

from collections.abc import Callable, Hashable
from http import HTTPStatus
from threading import Lock
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from heroesite.bounded_dict import BoundedDict
from heroesite.database.data_tokens import read_data_token
from heroesite.errors import is_api
from heroesite.records.api.fast_reads import INERT_HEADERS

GetResponse = Callable[[HttpRequest], HttpResponse]
PAGE_HEADERS = (INERT_HEADERS - {"HTTP_AUTHORIZATION"}) | {
    *("HTTP_CACHE_CONTROL", "HTTP_PRAGMA", "HTTP_UPGRADE_INSECURE_REQUESTS"),
    *("HTTP_SEC_FETCH_DEST", "HTTP_SEC_FETCH_MODE", "HTTP_SEC_FETCH_SITE", "HTTP_SEC_FETCH_USER"),
    *("HTTP_SEC_CH_UA", "HTTP_SEC_CH_UA_MOBILE", "HTTP_SEC_CH_UA_PLATFORM", "HTTP_SEC_GPC"),
}
"""Headers that don't affect a page, or that are part of its key."""
MAX_KEY_LENGTH, MAX_KEYS, MAX_BYTES = 1000, 1000, 8_000_000


class StoredPage(NamedTuple):
    content: bytes
    headers: dict[str, str]
    resolver_match: Any


def key_of(request: HttpRequest) -> Hashable | None:
    """Return everything in a visitor's request that a page depends on, or None if that can't be said."""
    meta = request.META
    if request.method != "GET" or meta.get("HTTP_COOKIE") or is_api(request):
        return None
    if meta.get("CONTENT_LENGTH") or meta.get("CONTENT_TYPE"):
        return None
    if any(name.startswith("HTTP_") and name not in PAGE_HEADERS for name in meta):
        return None
    key = (
        *(request.scheme, meta.get("HTTP_HOST"), meta.get("SERVER_NAME"), meta.get("SERVER_PORT")),
        *(request.path, meta.get("QUERY_STRING")),
        *(meta.get("HTTP_ACCEPT"), meta.get("HTTP_ACCEPT_ENCODING"), meta.get("HTTP_ACCEPT_LANGUAGE")),
    )
    return key if sum(map(len, filter(None, key))) <= MAX_KEY_LENGTH else None


class StoredPageMiddleware:
    """Stores the pages of one token of the data, and responds with them.

    ``request.is_stored`` is set if a stored page was the response.
    """

    def __init__(self, get_response: GetResponse) -> None:
        if not settings.FAST_READS:
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.lock = Lock()
        self.keys: BoundedDict[Hashable, None] = BoundedDict(MAX_KEYS)
        self.token: Hashable = None
        self.pages: dict[Hashable, StoredPage] = {}
        self.size = 0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = key_of(request)
        token = read_page_token() if key in self.keys else None
        if token and (page := self.find(token, key)):
            request.is_stored = True  # type: ignore[attr-defined]
            request.resolver_match = page.resolver_match  # for the log
            return HttpResponse(page.content, headers=page.headers)
        response = self.get_response(request)
        if key and response.status_code == HTTPStatus.OK and "s-maxage" in response.get("Cache-Control", ""):
            page = StoredPage(response.content, dict(response.items()), request.resolver_match)
            self.store(key, token, page)
        return response

    def find(self, token: Hashable, key: Hashable) -> StoredPage | None:
        """Return the stored page, after discarding the pages of another token."""
        with self.lock:
            if token != self.token:
                self.token, self.pages, self.size = token, {}, 0
            return self.pages.get(key)

    def store(self, key: Hashable, token: Hashable | None, page: StoredPage) -> None:
        """Store a page. Without a token, only its key is stored, so that the token is read the next time.

        A page isn't stored if another thread has found another token, or if there are too many.
        """
        with self.lock:
            if token is None:
                self.keys[key] = None
            elif token == self.token and self.size + len(page.content) <= MAX_BYTES and key not in self.pages:
                self.pages[key] = page
                self.size += len(page.content)


def read_page_token() -> Hashable | None:
    """Return a token of what pages depend on, the data and the date, or None if it isn't known."""
    try:
        token = read_data_token()
    except Error:  # the ordinary path reports it
        return None
    return token and (token, timezone.now().date())
