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
from collections.abc import Callable, Hashable
from functools import cache
from http import HTTPStatus
from threading import Lock
from typing import Any
from urllib.parse import unquote_plus

from django.conf import settings
from django.core.exceptions import EmptyResultSet, MiddlewareNotUsed
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix, reverse
from rest_framework.exceptions import AuthenticationFailed

from heroesite.api.authentication import BearerAuthentication
from heroesite.api.limits import LimitExceeded, add_limit_headers, address_of, count_request
from heroesite.bounded_dict import BoundedDict
from heroesite.ids import is_id
from heroesite.records.api.cursor_statements import NotPlannable
from heroesite.records.api.plans import Plan, ReadRequest, plan_class
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
MAX_PLANS, MAX_PLANNED_QUERY = 1000, 500


@cache
def list_paths(_script_prefix: str) -> frozenset[str]:
    """Return the paths of the lists of records, without the trailing slash."""
    names = (f"api:{model._meta.model_name}-list" for model in record_models())
    return frozenset(reverse(name).rstrip("/") for name in names)


def parse(request: HttpRequest) -> ReadRequest | None:
    """Return the parsed request, or None if no plan can respond to it."""
    meta = request.META
    if request.method != "GET" or meta.get("CONTENT_LENGTH") or meta.get("CONTENT_TYPE"):
        return None
    headers = {name for name in meta if name.startswith("HTTP_")}
    if meta.get("HTTP_COOKIE") or not headers <= INERT_HEADERS:
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
        *(request.scheme, meta.get("HTTP_HOST"), meta.get("SERVER_NAME"), meta.get("SERVER_PORT")),
        meta.get("HTTP_ACCEPT"),
    )
    return ReadRequest(key, int(number), cursor)


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
            if token := BearerAuthentication().find_token(request):
                if any(map(token.user.has_perm, plan.permissions)):
                    return None
                request.username = token.user.get_username()  # type: ignore[attr-defined]
                count_request(request, [("token", token.digest), ("user", str(token.user_id))])
            elif settings.PUBLIC_READ:
                count_request(request, [address_of(request)])
            else:
                return None
            response = plan.respond(read)
        except (AuthenticationFailed, LimitExceeded):
            return None
        except Exception as error:  # the ordinary path can still respond
            if not isinstance(error, Error):
                logger.exception("A plan for %s failed.", request.path)
            with self.lock:
                self.plans.pop(read.key, None)
            return None
        if response:
            add_limit_headers(request, response)
        return response

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
        if planned and planned.content == response.content:
            with self.lock:
                self.plans[read.key] = plan
