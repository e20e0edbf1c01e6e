"""Fast API reads: repeated requests execute a compiled plan instead of the view.

The ordinary path (URL, filters, permissions, serializer) defines the correct response. When the same request
arrives for the second time, a plan (see :mod:`heroesite.records.api.plans`) is compiled from the view that
responded. If the plan produces the same response, it is used for later requests.

The ordinary path handles all other requests: those with headers that a plan doesn't consider, those of users
who can see restricted values (each access is logged), those for records that don't exist, and those that
exceed a limit. It also handles a request whose plan raises an error, and the plan is discarded. With
``FAST_READS=false`` there are no plans: responses are the same, but slower.
"""

import logging
from collections.abc import Callable, Hashable, Iterable
from functools import cache
from http import HTTPStatus
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from django.conf import settings
from django.core.exceptions import EmptyResultSet, MiddlewareNotUsed
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix, reverse
from rest_framework.exceptions import AuthenticationFailed

from heroesite.api.authentication import BearerAuthentication
from heroesite.api.limits import LimitExceeded, add_limit_headers, address_of, count_request
from heroesite.api.models import ApiToken
from heroesite.bounded_dict import BoundedDict
from heroesite.ids import is_id
from heroesite.records.api.cursor_statements import NotPlannable
from heroesite.records.api.plans import Plan, PlannedResponse, ReadRequest, plan_class
from heroesite.records.api.viewsets import RecordViewSet
from heroesite.records.filters.cursor import MAX_LENGTH
from heroesite.records.filters.filtersets import LAST_OFFSET
from heroesite.records.models.base import record_models
from heroesite.records.permissions import restricting_permissions

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]

INERT_HEADERS = frozenset(
    {
        *("HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING", "HTTP_ACCEPT_LANGUAGE", "HTTP_AUTHORIZATION"),
        *("HTTP_CONNECTION", "HTTP_DNT", "HTTP_HOST", "HTTP_KEEP_ALIVE", "HTTP_PRIORITY", "HTTP_REFERER"),
        "HTTP_COOKIE",  # only if it is empty
        *("HTTP_TRACEPARENT", "HTTP_TRACESTATE", "HTTP_USER_AGENT", "HTTP_X_FORWARDED_FOR"),
        *("HTTP_X_FORWARDED_PROTO", "HTTP_X_REAL_IP", "HTTP_X_REQUEST_ID"),
    }
)
"""Headers that don't affect the response, or that :func:`parse` or the plan considers."""
MAX_PLANS, MAX_CALLERS, MAX_PLANNED_QUERY = 1000, 1000, 500


@cache
def list_paths(_script_prefix: str) -> frozenset[str]:
    """Return the paths of the lists of records, without the trailing slash."""
    names = (f"api:{model._meta.model_name}-list" for model in record_models())
    return frozenset(reverse(name).rstrip("/") for name in names)


def has_only(request: HttpRequest, names: frozenset[str]) -> bool:
    """Return whether a request has no cookie, and no other headers than these."""
    meta = request.META
    return not meta.get("HTTP_COOKIE") and names.issuperset(name for name in meta if name.startswith("HTTP_"))


def origin_key(request: HttpRequest) -> tuple[Any, ...]:
    """Return what the addresses in a response depend on."""
    meta = request.META
    return request.scheme, meta.get("HTTP_HOST"), meta.get("SERVER_NAME"), meta.get("SERVER_PORT")


def parse(request: HttpRequest) -> ReadRequest | None:
    """Return the parsed request, or None if no plan can respond to it."""
    meta = request.META
    if request.method != "GET" or meta.get("CONTENT_LENGTH") or meta.get("CONTENT_TYPE"):
        return None
    if not has_only(request, INERT_HEADERS):
        return None
    query, number, cursor = meta.get("QUERY_STRING", ""), "0", ""
    path = request.path.removesuffix("/")
    is_list = path in list_paths(get_script_prefix())
    if is_list:
        parts = query.split("&")
        if any("%" in part.partition("=")[0] for part in parts):  # it might be an encoded ``offset``
            return None
        positions = [part for part in parts if part.startswith(("offset=", "cursor="))]
        if len(positions) > 1:
            return None
        for position in positions:
            query = "&".join(part for part in parts if part != position)
            name, _equals, text = position.partition("=")
            number, cursor = (text, "") if name == "offset" else ("0", unquote_plus(text))
            if not text or not is_id(number) or int(number) > LAST_OFFSET or len(cursor) > MAX_LENGTH:
                return None
    else:
        path, _slash, number = path.rpartition("/")
        if path not in list_paths(get_script_prefix()) or not is_id(number):
            return None
    if len(query) > MAX_PLANNED_QUERY:
        return None
    key = (
        *(is_list, bool(cursor), path, request.path.endswith("/"), query, "HTTP_AUTHORIZATION" in meta),
        *(*origin_key(request), meta.get("HTTP_ACCEPT")),
    )
    return ReadRequest(key, int(number), cursor)


class Caller(NamedTuple):
    """The caller of an API request.

    Attributes:
        api_token: the API token, with its user and the user's permissions.
        data_token: the token of the data when the caller was loaded, or of earlier data; None if it isn't
            known. While the data have this token, the caller is the same too.
    """

    api_token: ApiToken
    data_token: Hashable | None

    def can_read_any(self, permissions: Iterable[str]) -> bool:
        """Return whether the user has one of these permissions to read restricted columns."""
        return any(map(self.api_token.user.has_perm, permissions))


class FastReadMiddleware:
    """Responds to API reads with plans, and compiles plans from the responses of the ordinary path.

    ``request.is_planned`` is set if a plan responded.
    """

    def __init__(self, get_response: GetResponse) -> None:
        if not settings.FAST_READS:
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.plans: BoundedDict[Hashable, Plan] = BoundedDict(MAX_PLANS)
        self.requests: BoundedDict[Hashable, int] = BoundedDict(MAX_PLANS)
        self.callers: BoundedDict[str, Caller] = BoundedDict(MAX_CALLERS)
        self.lock = Lock()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        read = parse(request)
        if read is None:
            return self.get_response(request)
        plan = self.plans.get(read.key)
        if plan and (response := self.execute(plan, request, read)):
            request.is_planned = True  # type: ignore[attr-defined]
            return response
        response = self.get_response(request)
        if not plan and response.status_code == HTTPStatus.OK:
            self.compile_plan(read, response)
        return response

    def execute(self, plan: Plan, request: HttpRequest, read: ReadRequest) -> HttpResponse | None:
        """Count the request and return its response, or None if the ordinary path has to respond."""
        try:
            digest = BearerAuthentication().find_digest(request)
            if digest:
                planned = self.respond_to_caller(digest, plan, request, read)
            elif settings.PUBLIC_READ:
                count_request(request, [address_of(request)])
                planned = plan.respond(read)
            else:
                return None
        except (AuthenticationFailed, LimitExceeded):
            return None
        except Exception as error:  # the ordinary path can still respond
            if not isinstance(error, Error):
                logger.exception("A plan for %s failed.", request.path)
            with self.lock:
                self.plans.pop(read.key, None)
            return None
        if not planned:
            return None
        add_limit_headers(request, planned.response)
        return planned.response

    def respond_to_caller(
        self, digest: str, plan: Plan, request: HttpRequest, read: ReadRequest
    ) -> PlannedResponse | None:
        """Return the response to a request with an API token, or None if only the view can respond.

        If the caller is known from an earlier request, the data are read first. Their token shows whether
        anything has been committed since the caller was loaded. If so, it is loaded again.
        """
        load_token = BearerAuthentication().load_token
        known = self.callers.get(digest)
        if known and (known.api_token.is_expired or known.can_read_any(plan.permissions)):
            known = None
        caller = known or Caller(load_token(digest), None)
        if caller.can_read_any(plan.permissions):
            return None
        user = caller.api_token.user
        request.username = user.get_username()  # type: ignore[attr-defined]
        count_request(request, [("token", digest), ("user", str(user.pk))])
        planned = plan.respond(read)
        if known and planned and (planned.data_token is None or planned.data_token != known.data_token):
            caller = Caller(load_token(digest), planned.data_token)
            if caller.can_read_any(plan.permissions):
                return None
        if caller is not known:
            with self.lock:
                self.callers[digest] = caller
        return planned

    def compile_plan(self, read: ReadRequest, response: Any) -> None:
        """Compile a plan from the view that responded, and store it if its response is the same.

        This is tried after the 2nd, 4th, 8th … request: a write in between can make the responses differ.
        """
        view = getattr(response, "renderer_context", {}).get("view")
        if not isinstance(view, RecordViewSet):
            return
        user = view.request.user
        if any(map(user.has_perm, restricting_permissions(view.model))):
            return
        count = self.requests.get(read.key, 0) + 1
        with self.lock:
            self.requests[read.key] = count
        if count == 1 or count & (count - 1):
            return
        try:
            plan = plan_class(view, read)(view, response.headers)
            planned = plan.respond(read)
        except (NotPlannable, EmptyResultSet, Error):
            return
        except Exception:  # the response must be sent even if the plan fails
            logger.exception("Can't compile a plan for %s.", view.request.path)
            return
        if planned and planned.response.content == response.content:
            with self.lock:
                self.plans[read.key] = plan
