"""The fast path of API reads. A plan has everything about a request that doesn't depend on the data.

The ordinary path (URL, filters, permissions, serializer) is the specification. When a request was received
twice, a plan is compiled from the view that responded to it: the SQL of its queryset, the members of its
serializer and the headers of its response. It is kept if it gives the same response. From then on, such a
request executes the SQL and writes the rows as JSON.

A request takes the ordinary path if it has anything that a plan doesn't know: a header that could matter, a
user who can see restricted values (each access to them is logged), a record that doesn't exist, an exceeded
limit, or an error of the database, after which the plan is forgotten too. ``FAST_READS=false`` turns plans
off: responses are the same, only slower.
"""

import logging
from collections.abc import Callable, Hashable, Mapping
from functools import cache
from http import HTTPStatus
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import quote_plus, unquote_plus

import orjson
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix, reverse
from rest_framework import serializers
from rest_framework.utils.urls import remove_query_param, replace_query_param

from heroesite.api.conditional import etag_of_content
from heroesite.api.limits import LimitExceeded, add_limit_headers, address_of, count_request
from heroesite.ids import is_id
from heroesite.records.api.callers import caller_statement, read_token
from heroesite.records.api.cursor_statements import CursorStatements
from heroesite.records.api.statements import CountStatement, NotPlannable, Row, Statement
from heroesite.records.api.viewsets import RecordViewSet
from heroesite.records.counts import RecordCount
from heroesite.records.filters.cursor import MAX_LENGTH, START, InvalidCursor
from heroesite.records.filters.filters import NULL, RecordFilter
from heroesite.records.filters.filtersets import LAST_OFFSET
from heroesite.records.models.base import Record, record_models

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]

INERT_HEADERS = frozenset(
    {
        *("HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING", "HTTP_ACCEPT_LANGUAGE", "HTTP_AUTHORIZATION"),
        *("HTTP_CONNECTION", "HTTP_DNT", "HTTP_HOST", "HTTP_KEEP_ALIVE", "HTTP_PRIORITY", "HTTP_REFERER"),
        "HTTP_COOKIE",  # if it is empty
        *("HTTP_TRACEPARENT", "HTTP_TRACESTATE", "HTTP_USER_AGENT", "HTTP_X_FORWARDED_FOR"),
        *("HTTP_X_FORWARDED_PROTO", "HTTP_X_REAL_IP", "HTTP_X_REQUEST_ID"),
    }
)
"""Headers that don't affect the response, or that ``parse`` considers."""
COMPUTED_HEADERS = {"Content-Length", "ETag", "Link", "RateLimit", "RateLimit-Policy"}
"""Headers that differ from response to response."""
PLAIN = {
    field.to_representation
    for field in (serializers.IntegerField, serializers.CharField, serializers.DateTimeField)
}
"""Methods of serializer fields whose JSON is the value itself."""
MAX_PLANS, MAX_PLANNED_QUERY = 1000, 500
PLACEHOLDER = 987_654_321
"""Stands for the offset while links are compiled."""


class ReadRequest(NamedTuple):
    """What a request asks for.

    Attributes:
        key: everything that its plan depends on.
        number: the id of the record, or the offset of the page.
        page_cursor: the cursor of the page, or an empty text.
    """

    key: Hashable
    number: int
    page_cursor: str


@cache
def list_paths(_script_prefix: str) -> frozenset[str]:
    """Return the paths of the lists of records, without their slash."""
    names = (f"api:{model._meta.model_name}-list" for model in record_models())
    return frozenset(reverse(name).rstrip("/") for name in names)


def parse(request: HttpRequest) -> ReadRequest | None:
    """Return what a request asks for, or None if no plan could respond to it."""
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
        if any("%" in part.partition("=")[0] for part in parts):  # it might be an encoded offset
            return None
        places = [part for part in parts if part.startswith(("offset=", "cursor="))]
        if len(places) > 1:
            return None
        for place in places:
            query = "&".join(part for part in parts if part != place)
            name, _equals, text = place.partition("=")
            number, cursor = (text, "") if name == "offset" else ("0", unquote_plus(text))
            if not text or not is_id(number) or int(number) > LAST_OFFSET or len(cursor) > MAX_LENGTH:
                return None
    else:
        path, _slash, number = path.rpartition("/")
        if path not in list_paths(get_script_prefix()) or not is_id(number):
            return None
    known = (meta.get(name) for name in ("HTTP_HOST", "HTTP_ACCEPT", "SERVER_NAME", "SERVER_PORT"))
    form = (request.path.endswith("/"), request.scheme, "HTTP_AUTHORIZATION" in meta)
    if len(query) > MAX_PLANNED_QUERY:
        return None
    return ReadRequest((is_list, bool(cursor), path, query, *form, *known), int(number), cursor)


def is_plain(field: serializers.Field) -> bool:
    """Return whether the JSON of a serializer field is the value of the column that it is named after."""
    representation = type(field).to_representation
    return field.source == field.field_name and (representation in PLAIN or field.source == "id")


class Members:
    """The members of a JSON object, and the columns that they come from.

    Args:
        model: the record type.
        fields: serializer fields by name. A nested serializer is that of a linked record.
        path: the path of the link that leads to the record, in a lookup.

    Raises:
        NotPlannable: a member is computed or restricted.
    """

    def __init__(self, model: Any, fields: Mapping[str, Any], path: str = "") -> None:
        restricted = {model.attname(name) for name in model.RESTRICTED}
        self.names: list[str] = []
        self.columns: list[str] = []
        self.nested: list[tuple[int, Members]] = []
        for name, field in fields.items():
            if field.write_only:
                continue
            if isinstance(field, serializers.Serializer):
                linked = model._meta.get_field(name).related_model
                members = Members(linked, field.fields, f"{path}{name}__")
                self.nested.append((len(self.names), members))
                self.columns += members.columns
            elif name not in restricted and is_plain(field):
                self.columns.append(path + name)
            else:
                raise NotPlannable
            self.names.append(name)
        if not self.columns:  # the ORM would select all
            raise NotPlannable

    def to_json(self, row: Row) -> dict[str, Any]:
        """Return the object of a row."""
        values = list(row)
        for index, members in self.nested:
            width = len(members.columns)
            linked = values[index : index + width]
            is_linked = linked[members.names.index("id")] is not None
            values[index : index + width] = [members.to_json(linked) if is_linked else None]
        return dict(zip(self.names, values, strict=True))


class Plan:
    """How to respond to a kind of request.

    Args:
        view: the :class:`RecordViewSet` that has responded to such a request.
        headers: the headers of its response.
    """

    def __init__(self, view: Any, headers: Mapping[str, str]) -> None:
        self.headers = {name: text for name, text in headers.items() if name not in COMPUTED_HEADERS}
        self.members = Members(view.model, view.get_serializer().fields)
        self.restrictions = restrictions(view.model)

    def respond(self, read: ReadRequest) -> HttpResponse | None:
        """Return the response, or None if only the view can respond."""
        raise NotImplementedError

    def build_response(self, content: bytes, headers: Mapping[str, str]) -> HttpResponse:
        length = {"Content-Length": str(len(content))}
        return HttpResponse(content, headers={**self.headers, **headers, **length})


class RecordPlan(Plan):
    """How to respond with one record."""

    def __init__(self, view: Any, headers: Mapping[str, str]) -> None:
        super().__init__(view, headers)
        if "as_of" in view.request.query_params:
            raise NotPlannable
        records = view.get_queryset().filter(pk=view.kwargs["pk"])
        self.record = Statement(records.values_list(*self.members.columns, "version"))
        if len(self.record.parameters) != 1:
            raise NotPlannable

    def respond(self, read: ReadRequest) -> HttpResponse | None:
        for *row, version in self.record.execute(read.number):
            content = encode(self.members.to_json(row))
            return self.build_response(content, {"ETag": etag_of_content(version, content)})
        return None


class ListPlan(Plan):
    """How to respond with a page of a list.

    Attributes:
        records: the records of all pages.
        first: the address of the first page.
    """

    first: str

    def __init__(self, view: Any, headers: Mapping[str, str]) -> None:
        super().__init__(view, headers)
        self.records = view.filter_queryset(view.get_queryset())
        filters = view.filterset_class.base_filters
        self.links = [
            Statement(filters[name].extra["queryset"].filter(pk=text).values_list("pk"))
            for name, text in view.request.query_params.items()
            if isinstance(filters.get(name), RecordFilter) and text != NULL
        ]

    def links_exist(self) -> bool:
        """Return whether the records exist by whose links the list is filtered; else the view has to look."""
        return all(link.execute(*link.parameters) for link in self.links)

    def page(
        self, rows: list[Row], following: str | None, previous: str | None, **count: int
    ) -> HttpResponse:
        """Return the response with these rows, and the addresses of the next and the previous page."""
        results = [self.members.to_json(row) for row in rows]
        related = {"first": self.first, "prev": previous, "next": following}
        links = (f'<{address}>; rel="{name}"' for name, address in related.items() if address)
        body = {**count, "next": following, "previous": previous, "results": results}
        return self.build_response(encode(body), {"Link": ", ".join(links)})


class OffsetPlan(ListPlan):
    """How to respond with a page that starts at an offset."""

    def __init__(self, view: Any, headers: Mapping[str, str]) -> None:
        super().__init__(view, headers)
        records, self.limit = self.records, view.paginator.limit
        self.rows = Statement(records.values_list(*self.members.columns), " LIMIT %s OFFSET %s")
        self.count = (
            CountStatement(records).count if records.query.where else record_count(view.model, records.db).get
        )
        address = view.request.build_absolute_uri()
        page = replace_query_param(address, "limit", self.limit)
        self.first = remove_query_param(address, "offset")
        self.to_start = remove_query_param(page, "offset")
        self.link = split_link(page, "offset")

    def respond(self, read: ReadRequest) -> HttpResponse | None:
        if not self.links_exist():
            return None
        number, count = read.number, self.count()
        rows = self.rows.execute(*self.rows.parameters, self.limit, number) if number < count else []
        end = number + self.limit
        following = str(end).join(self.link) if end < count else None
        previous = str(number - self.limit).join(self.link) if number > self.limit else self.to_start
        return self.page(rows, following, previous if number else None, count=count)


class CursorPlan(ListPlan):
    """How to respond with a page that starts at a cursor."""

    def __init__(self, view: Any, headers: Mapping[str, str]) -> None:
        super().__init__(view, headers)
        limit = view.paginator.get_limit(view.request)
        self.statements = CursorStatements(self.records, self.members.columns, limit)
        self.link = split_link(view.request.build_absolute_uri(), "cursor")
        self.first = quote_plus(START).join(self.link)

    def respond(self, read: ReadRequest) -> HttpResponse | None:
        if not self.links_exist():
            return None
        try:
            rows, *cursors = self.statements.page(read.page_cursor)
        except InvalidCursor:
            return None
        following, previous = (cursor and quote_plus(cursor).join(self.link) for cursor in cursors)
        return self.page(rows, following, previous)


def split_link(address: str, parameter: str) -> list[str]:
    """Return what comes before and after the value of a parameter in a link.

    Raises:
        NotPlannable: the address contains the placeholder.
    """
    parts: list[str] = replace_query_param(address, parameter, PLACEHOLDER).split(str(PLACEHOLDER))
    if len(parts) != 2:
        raise NotPlannable
    return parts


@cache
def restrictions(model: type[Record]) -> frozenset[str]:
    """Return the permissions to see restricted values of a record or of those that it links to."""
    fields: list[Any] = [model._meta.get_field(name) for name in model.link_names()]
    models = [model, *(field.related_model for field in fields)]
    return frozenset(permission for each in models for permission in each.RESTRICTED.values())


@cache
def record_count(model: type[Record], database: str) -> RecordCount:
    return RecordCount(model, database)


def encode(body: Any) -> bytes:
    """Return JSON as the API's renderer writes it, which escapes the separators of JavaScript's lines."""
    content = orjson.dumps(body, option=orjson.OPT_UTC_Z)
    return content.replace("\u2028".encode(), b"\\u2028").replace("\u2029".encode(), b"\\u2029")


def plan_class(view: Any, read: ReadRequest) -> type[Plan]:
    """Return the class of the plan for a view.

    Raises:
        NotPlannable: the view reads the place in the list differently, such as from an encoded parameter.
    """
    if view.action == "retrieve":
        return RecordPlan
    if view.request.query_params.get("cursor", "") != read.page_cursor:
        raise NotPlannable
    if read.page_cursor:
        return CursorPlan
    if view.paginator.offset != read.number:
        raise NotPlannable
    return OffsetPlan


class FastReadMiddleware:
    """Responds to reads of the API by plans, and makes plans from the responses of the ordinary path.

    The attribute ``is_planned`` of a request is set if a plan responded.
    """

    def __init__(self, get_response: GetResponse) -> None:
        if not settings.FAST_READS:
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.plans: dict[Hashable, Plan] = {}
        self.requests: dict[Hashable, int] = {}
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
            self.learn(read, response)
        return response

    def execute(self, plan: Plan, request: HttpRequest, read: ReadRequest) -> HttpResponse | None:
        """Count the request and respond to it, or return None if the ordinary path has to respond."""
        try:
            if "HTTP_AUTHORIZATION" in request.META:
                token = read_token(request)
                caller = token and caller_statement(plan.restrictions).find(token)
                if not caller:
                    return None
                request.username = caller.username  # type: ignore[attr-defined]
                count_request(request, [("token", caller.digest), ("user", str(caller.user_id))])
            elif settings.PUBLIC_READ:
                count_request(request, [address_of(request)])
            else:
                return None
            response = plan.respond(read)
        except LimitExceeded:
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

    def learn(self, read: ReadRequest, response: Any) -> None:
        """Make a plan from the view that gave a response, if it gives the same response.

        It is compiled at the 2nd, 4th, 8th … request, since a write in between can make a comparison fail.
        """
        view = getattr(response, "renderer_context", {}).get("view")
        if not isinstance(view, RecordViewSet):
            return
        user = view.request.user
        if any(map(user.has_perm, restrictions(view.model))):
            return
        count = self.requests.get(read.key, 0) + 1
        self.store(self.requests, read.key, count)
        if count == 1 or count & (count - 1):
            return
        try:
            plan = plan_class(view, read)(view, response.headers)
            planned = plan.respond(read)
        except (NotPlannable, Error):
            return
        except Exception:  # the response is there already
            logger.exception("No plan could be made for %s.", view.request.path)
            return
        if planned and planned.content == response.content:
            self.store(self.plans, read.key, plan)

    def store(self, known: dict[Hashable, Any], key: Hashable, value: Any) -> None:
        """Store a value, instead of the oldest one if there are too many."""
        with self.lock:
            if key not in known and len(known) >= MAX_PLANS:
                del known[next(iter(known))]
            known[key] = value
