"""Fast API writes: repeated writes call the method of the view alone, without everything around it.

The ordinary path (middleware, URL, negotiation, authentication, permissions, view) defines the correct
response. Its headers are the same for every successful write at an address, apart from a few, so a plan
consists of them and of the view. The view's own method writes and responds, with the rules and statements of
the ordinary path.

The ordinary path handles all other requests: those with headers that a plan doesn't consider, and those of
users who can see restricted values. It also reports all errors. With
``FAST_READS=false`` there are no plans: responses are the same but slower.
"""

import logging
from collections.abc import Callable, Hashable, Mapping
from http import HTTPStatus
from io import BytesIO
from threading import Lock
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.request import HttpHeaders, QueryDict
from django.http.response import ResponseHeaders
from django.urls import get_script_prefix
from django.utils.encoding import iri_to_uri
from django.utils.functional import cached_property
from django.utils.translation import activate
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from heroesite.api.authentication import BearerAuthentication, reject_read_only_token
from heroesite.api.limits import add_limit_headers, count_request
from heroesite.api.parsers import StrictJSONParser
from heroesite.bounded_dict import BoundedDict
from heroesite.ids import is_id
from heroesite.records.api.fast_reads import INERT_HEADERS, has_only, list_paths, origin_key
from heroesite.records.api.permissions import ACTIONS
from heroesite.records.api.plans import COMPUTED_HEADERS
from heroesite.records.api.viewsets import RecordViewSet
from heroesite.records.audit.change_sets import Source, new_change_set
from heroesite.records.permissions import is_allowed, restricting_permissions
from heroesite.request_bodies import is_body_complete

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]

VIEW_HEADERS = frozenset({"HTTP_IF_MATCH"})
"""Headers that only the view considers."""
CONSIDERED_HEADERS = INERT_HEADERS | VIEW_HEADERS
"""Headers that don't affect the response, or that :func:`parse` or the view considers."""
STATUSES = {
    "POST": HTTPStatus.CREATED,
    "PUT": HTTPStatus.OK,
    "PATCH": HTTPStatus.OK,
    "DELETE": HTTPStatus.NO_CONTENT,
}
ACCEPTS_JSON = {None, "*/*", "application/json"}
MAX_PLANS = 100
MAX_LENGTH = 20_000
"""Bytes of a body that is parsed before its caller is known."""


class WriteRequest(NamedTuple):
    """The parts of a write that its plan needs.

    Attributes:
        key: everything that its plan depends on.
        kwargs: the arguments of the URL: the id of the record, if the request writes one.
    """

    key: Hashable
    kwargs: dict[str, str]


def parse(request: HttpRequest) -> WriteRequest | None:
    """Return the parsed request, or None if no plan can respond to it."""
    meta = request.META
    if request.method not in STATUSES or "HTTP_AUTHORIZATION" not in meta or meta.get("QUERY_STRING"):
        return None
    if not has_only(request, CONSIDERED_HEADERS):
        return None
    length, accept = meta.get("CONTENT_LENGTH") or "0", meta.get("HTTP_ACCEPT")
    if not is_id(length) or int(length) > MAX_LENGTH or accept not in ACCEPTS_JSON:
        return None
    body = (length != "0", meta.get("CONTENT_TYPE", ""))
    if body != ((False, "") if request.method == "DELETE" else (True, "application/json")):
        return None
    path, kwargs = request.path.removesuffix("/"), {}
    if request.method != "POST":
        path, _slash, number = path.rpartition("/")
        kwargs = {"pk": number}
        if not is_id(number):
            return None
    if path not in list_paths(get_script_prefix()):
        return None
    key = (request.method, path, request.path.endswith("/"), accept, *origin_key(request))
    return WriteRequest(key, kwargs)


class PlannedRequest(Request):
    """The request of a view, with a body in JSON, the only header that the view considers, and no parameters.

    Args:
        origin: the scheme and the host of its address, which other addresses begin with.
    """

    query_params = QueryDict()

    def __init__(self, request: HttpRequest, origin: str) -> None:
        super().__init__(request)
        self.origin = origin

    def build_absolute_uri(self, location: str | None = None) -> str:
        return self.origin + iri_to_uri(location or self.path)

    @cached_property
    def headers(self) -> HttpHeaders:
        meta = self._request.META
        return HttpHeaders({name: meta[name] for name in VIEW_HEADERS if name in meta})

    @cached_property
    def data(self) -> Any:
        return StrictJSONParser().parse(BytesIO(self._request.body))


class WritePlan:
    """Responds to writes that differ only in their record, body and caller.

    Args:
        view: the view that has responded to one of these writes.
        headers: the headers of its response.
    """

    def __init__(self, view: RecordViewSet, headers: Mapping[str, str]) -> None:
        self.view_class, self.action, self.model = type(view), view.action, view.model
        computed = {*COMPUTED_HEADERS, "Location"}
        self.headers = ResponseHeaders({name: text for name, text in headers.items() if name not in computed})
        self.origin = view.request.build_absolute_uri("/").removesuffix("/")
        self.permissions = restricting_permissions(view.model)

    def respond(self, request: HttpRequest, kwargs: dict[str, str]) -> HttpResponse | None:
        """Write and return the response, or None if the ordinary path has to respond.

        ``request.write_error`` is set if writing failed: then the ordinary path only reports the error.
        """
        activate(settings.LANGUAGE_CODE)  # the thread has the language of its last request
        view = self.view_class(action=self.action, kwargs=kwargs, args=(), format_kwarg=None)
        view.request = PlannedRequest(request, self.origin)
        try:
            if not self.accepts_caller(view):
                return None
        except (APIException, DatabaseError):
            return None
        try:
            with new_change_set(Source.API, request):
                response = getattr(view, self.action)(view.request, **kwargs)
            self.complete(response)
        except Exception as error:  # also after the write, so it must not be repeated
            request.write_error = error  # type: ignore[attr-defined]
            return None
        add_limit_headers(request, response)
        return response

    def accepts_caller(self, view: RecordViewSet) -> bool:
        """Authenticate and count a request. Return whether the caller can write but sees nothing restricted.

        Raises:
            APIException: the body isn't JSON, the token is invalid or read-only, or a limit is exceeded.
        """
        request, authentication = view.request, BearerAuthentication()
        if self.action == "create":
            view.parsed_body = request.data
        digest = authentication.find_digest(request) or ""
        token = authentication.load_token(digest, view.query_token)
        user = request.user = token.user
        request.auth = token
        reject_read_only_token(request)
        if not is_allowed(user, ACTIONS[request.method or ""], self.model):
            return False
        if any(map(user.has_perm, self.permissions)):
            return False
        count_request(request._request, [("token", digest), ("user", str(user.pk))])
        return True

    def complete(self, response: Any) -> None:
        """Set the content and the headers of a response, which the ordinary path would do after the view."""
        content = getattr(response, "rendered_json", None)
        if content is None:
            content = b"" if response.data is None else JSONRenderer().render(response.data)
        response.content = content
        del response["Content-Type"]  # a 204 has none
        response.headers._store |= self.headers._store  # which were encoded once
        response["Content-Length"] = str(len(content))


class FastWriteMiddleware:
    """Responds to API writes with plans, and makes plans of the responses of the ordinary path.

    ``request.is_planned`` is set if a plan responded.
    """

    def __init__(self, get_response: GetResponse) -> None:
        if not settings.FAST_READS:
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.plans: BoundedDict[Hashable, WritePlan] = BoundedDict(MAX_PLANS)
        self.lock = Lock()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        write = parse(request)
        if write is None:
            return self.get_response(request)
        plan = self.plans.get(write.key)
        if plan and (response := self.execute(plan, request, write)):
            request.is_planned = True  # type: ignore[attr-defined]
            return response
        response = self.get_response(request)
        if not plan and response.status_code == STATUSES[request.method or ""]:
            self.make_plan(write, response)
        return response

    def execute(self, plan: WritePlan, request: HttpRequest, write: WriteRequest) -> HttpResponse | None:
        """Return the response of a plan, or None if the ordinary path has to respond."""
        if not is_body_complete(request):  # read before any query: a slow upload must not hold a connection
            return None
        try:
            return plan.respond(request, write.kwargs)
        except Exception:  # nothing has been written
            logger.exception("A plan for %s failed.", request.path)
            with self.lock:
                self.plans.pop(write.key, None)
            return None

    def make_plan(self, write: WriteRequest, response: Any) -> None:
        """Make a plan of the view that responded, unless its response contains restricted values.

        A view with permissions of its own checks them itself.
        """
        view = getattr(response, "renderer_context", {}).get("view")
        is_usual = getattr(view, "permission_classes", None) == RecordViewSet.permission_classes
        if not isinstance(view, RecordViewSet) or not is_usual:
            return
        if not any(map(view.request.user.has_perm, restricting_permissions(view.model))):
            with self.lock:
                self.plans[write.key] = WritePlan(view, response.headers)
