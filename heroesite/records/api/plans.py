"""Plans for API reads: the SQL, members and headers of a response.

A plan never reads a restricted column, regardless of who sent the request that it was compiled from.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote_plus

import orjson
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.utils.urls import remove_query_param, replace_query_param

from heroesite.api.conditional import etag_of_content
from heroesite.database.data_tokens import DataTokenColumn, selected_data_token
from heroesite.database.statements import Columns, Row, Statement
from heroesite.records.api.cursor_statements import CursorStatements, NotPlannable
from heroesite.records.api.offset_statements import OffsetStatements
from heroesite.records.api.pagination import count_members, link_header
from heroesite.records.api.serializers import InstantField
from heroesite.records.filters.cursor import START, InvalidCursor
from heroesite.records.filters.links import NULL, RecordFilter
from heroesite.records.permissions import restricting_permissions

COMPUTED_HEADERS = {"Content-Length", "ETag", "Link", "RateLimit", "RateLimit-Policy"}
"""Headers that a plan computes for each response."""
PLAIN = {field.to_representation for field in (serializers.IntegerField, serializers.CharField, InstantField)}
"""Methods of serializer fields that orjson can replace: their JSON is that of the column's value."""
PLACEHOLDER = 987_654_321
"""A placeholder in compiled links, which is replaced by an offset or a cursor."""


class ReadRequest(NamedTuple):
    """The parts of an API read that its plan needs.

    Attributes:
        key: everything that its plan depends on.
        number: the id of the record, or the offset of the page.
        page_cursor: the cursor of the page, or an empty string.
    """

    key: Hashable
    number: int
    page_cursor: str


def is_plain(field: serializers.Field) -> bool:
    """Return whether the JSON of a serializer field is that of the column with the same name."""
    representation = type(field).to_representation
    return field.source == field.field_name and (representation in PLAIN or field.source == "id")


class Members:
    """The members of a JSON object, and the columns that they come from.

    Args:
        model: the record type.
        fields: serializer fields by name. A nested serializer describes a linked record.
        path: the lookup prefix of a linked record, such as ``team__``.

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
        if not self.columns:  # values_list() without names selects all columns
            raise NotPlannable

    def to_json(self, row: Row) -> dict[str, Any]:
        """Return the JSON object for a row, which begins with the columns."""
        values = list(row[: len(self.columns)])
        for index, members in self.nested:
            width = len(members.columns)
            linked = values[index : index + width]
            is_linked = linked[members.names.index("id")] is not None
            values[index : index + width] = [members.to_json(linked) if is_linked else None]
        return dict(zip(self.names, values, strict=True))


class PlannedResponse(NamedTuple):
    """The response of a plan.

    Attributes:
        data_token: the token of the data that the response was read from, if it is known and the request has
            an API token.
    """

    response: HttpResponse
    data_token: Hashable | None


class Plan:
    """Responds to requests that differ only in id, offset or cursor.

    Args:
        view: the :class:`RecordViewSet` that has responded to one of these requests.
        headers: the headers of its response.

    Attributes:
        columns: the columns to read: those of the members and, for requests with an API token, the token of
            the data.
        permissions: the permissions with which restricted columns can be read.
    """

    def __init__(self, view: Any, headers: Mapping[str, str]) -> None:
        self.headers = {name: text for name, text in headers.items() if name not in COMPUTED_HEADERS}
        self.members = Members(view.model, view.get_serializer().fields)
        self.database = view.get_queryset().db
        self.has_data_token = view.request.auth is not None
        data_token = [DataTokenColumn()] if self.has_data_token else []
        self.columns: Columns = [*self.members.columns, *data_token]
        self.permissions = restricting_permissions(view.model)

    def respond(self, read: ReadRequest) -> PlannedResponse | None:
        """Return the response, or None if only the view can respond."""
        raise NotImplementedError

    def build_response(
        self, content: bytes, headers: Mapping[str, str], rows: Sequence[Row]
    ) -> PlannedResponse:
        """Return the response with this content, which was read from ``rows``."""
        length = {"Content-Length": str(len(content))}
        response = HttpResponse(content, headers={**self.headers, **headers, **length})
        data_token = selected_data_token(rows, self.database) if self.has_data_token else None
        return PlannedResponse(response, data_token)


class RecordPlan(Plan):
    """Responds with one record."""

    def __init__(self, view: Any, headers: Mapping[str, str]) -> None:
        super().__init__(view, headers)
        if "as_of" in view.request.query_params:
            raise NotPlannable
        records = view.get_queryset().filter(pk=view.kwargs["pk"])
        self.record = Statement(records.values_list("version", *self.columns))
        if len(self.record.parameters) != 1:
            raise NotPlannable

    def respond(self, read: ReadRequest) -> PlannedResponse | None:
        rows = self.record.execute(read.number)
        for version, *row in rows:
            content = encode(self.members.to_json(row))
            return self.build_response(content, {"ETag": etag_of_content(version, content)}, rows)
        return None


class ListPlan(Plan):
    """Responds with a page of a list.

    Attributes:
        records: the records of all pages.
        first: the address of the first page.
    """

    first: str

    def __init__(self, view: Any, headers: Mapping[str, str]) -> None:
        super().__init__(view, headers)
        self.records = view.filter_queryset(view.get_queryset())
        filters = view.filterset_class.base_filters
        self.filter_targets = [
            Statement(filters[name].extra["queryset"].filter(pk=text).values_list("pk"))
            for name, text in view.request.query_params.items()
            if isinstance(filters.get(name), RecordFilter) and text != NULL
        ]

    def filter_targets_exist(self) -> bool:
        """Return whether the records to filter by exist. If not, the view looks for deleted ones."""
        return all(target.execute(*target.parameters) for target in self.filter_targets)

    def page(
        self, rows: list[Row], next_link: str | None, previous_link: str | None, **count: Any
    ) -> PlannedResponse:
        """Return the response with these rows, and with links to the next and the previous page."""
        results = [self.members.to_json(row) for row in rows]
        body = {**count, "next": next_link, "previous": previous_link, "results": results}
        headers = {"Link": link_header(self.first, previous_link, next_link)}
        return self.build_response(encode(body), headers, rows)


class OffsetPlan(ListPlan):
    """Responds with the page at an offset."""

    def __init__(self, view: Any, headers: Mapping[str, str]) -> None:
        super().__init__(view, headers)
        self.limit = view.paginator.limit
        is_exact = view.paginator.is_exact
        self.statements = OffsetStatements(self.records, self.columns, is_exact=is_exact)
        address = view.request.build_absolute_uri()
        page = replace_query_param(address, "limit", self.limit)
        self.first = remove_query_param(address, "offset")
        self.to_start = remove_query_param(page, "offset")
        self.link_parts = split_link(page, "offset")

    def respond(self, read: ReadRequest) -> PlannedResponse | None:
        if not self.filter_targets_exist():
            return None
        number = read.number
        page = self.statements.page(number, self.limit)
        next_link = str(page.next_offset).join(self.link_parts) if page.has_next else None
        previous = str(number - self.limit).join(self.link_parts) if number > self.limit else self.to_start
        return self.page(page.records, next_link, previous if number else None, **count_members(page.count))


class CursorPlan(ListPlan):
    """Responds with the page at a cursor."""

    def __init__(self, view: Any, headers: Mapping[str, str]) -> None:
        super().__init__(view, headers)
        limit = view.paginator.get_limit(view.request)
        self.statements = CursorStatements(self.records, self.columns, limit)
        self.link_parts = split_link(view.request.build_absolute_uri(), "cursor")
        self.first = quote_plus(START).join(self.link_parts)

    def respond(self, read: ReadRequest) -> PlannedResponse | None:
        if not self.filter_targets_exist():
            return None
        try:
            rows, *cursors = self.statements.page(read.page_cursor)
        except InvalidCursor:
            return None
        next_link, previous_link = (cursor and quote_plus(cursor).join(self.link_parts) for cursor in cursors)
        return self.page(rows, next_link, previous_link)


def split_link(address: str, parameter: str) -> list[str]:
    """Return the parts of a link before and after the value of a parameter.

    Raises:
        NotPlannable: the address contains the placeholder.
    """
    parts: list[str] = replace_query_param(address, parameter, PLACEHOLDER).split(str(PLACEHOLDER))
    if len(parts) != 2:
        raise NotPlannable
    return parts


def encode(body: Any) -> bytes:
    """Encode JSON in the same way as DRF's renderer, which escapes U+2028 and U+2029."""
    content = orjson.dumps(body, option=orjson.OPT_UTC_Z)
    return content.replace("\u2028".encode(), b"\\u2028").replace("\u2029".encode(), b"\\u2029")


def plan_class(view: Any, read: ReadRequest) -> type[Plan]:
    """Return the class of the plan for a view.

    Raises:
        NotPlannable: the view read a different offset or cursor from the query string.
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
