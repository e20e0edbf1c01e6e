"""Pagination by offset or cursor, with links (RFC 8288)."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import ErrorDetail
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from heroesite.api.problems import InvalidQuery
from heroesite.records.counts import MOST, Count
from heroesite.records.filters.cursor import START, CursorPaginator, InvalidCursor
from heroesite.records.filters.filtersets import LIMIT
from heroesite.records.filters.offset import OffsetPaginator, Page, slice_page
from heroesite.records.models.querysets import RecordQuerySet


def link_header(first: str, previous: str | None, next: str | None) -> str:
    """Return the value of ``Link`` (RFC 8288) for the pages of a list."""
    related = {"first": first, "prev": previous, "next": next}
    return ", ".join(f'<{link}>; rel="{name}"' for name, link in related.items() if link)


def count_members(count: Count) -> dict[str, Any]:
    """Return the JSON members for a count."""
    return {"count": count.number, "count_is_exact": count.is_exact}


class RecordPagination(LimitOffsetPagination):
    """Page by ``limit`` with ``offset`` or ``cursor``, which the FilterSet has validated.

    With ``offset``, the response contains a count; with ``cursor`` it doesn't, and its cost doesn't grow with
    depth. The links are also in the ``Link`` header.
    """

    default_limit = max_limit = LIMIT
    address = ""
    """The path of the list, for the examples of the OpenAPI description."""
    cursors: tuple[str | None, str | None] | None = None
    """The cursors of the next and the previous page."""
    page: Page
    """The page at an offset."""
    request: Request

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        self.request, self.limit = request, self.get_limit(request) or LIMIT
        cursor = request.query_params.get("cursor")
        if not cursor:
            self.offset = self.get_offset(request)
            self.page = self.read_page(queryset, self.offset, self.limit)
            return self.page.records
        try:
            rows, *cursors = CursorPaginator(queryset).page(cursor, self.limit)
        except InvalidCursor as error:
            raise InvalidQuery({"cursor": [ErrorDetail(str(error), "cursor")]}) from None
        self.cursors = cursors[0], cursors[1]
        return rows

    def read_page(self, rows: Any, offset: int, limit: int) -> Page:
        if not isinstance(rows, RecordQuerySet):
            is_exact = self.is_exact or not isinstance(rows, QuerySet)
            return slice_page(rows, offset, limit, is_exact=is_exact)
        return OffsetPaginator(rows, is_exact=self.is_exact).page(offset, limit)

    @property
    def is_exact(self) -> bool:
        """Whether the request asks for the exact count."""
        return "count" in self.request.query_params

    def get_next_link(self) -> str | None:
        if self.cursors:
            return self.cursor_link(self.cursors[0])
        if self.page.next_offset is None:
            return None
        page = replace_query_param(self.request.build_absolute_uri(), "limit", self.limit)
        return replace_query_param(page, "offset", self.page.next_offset)

    def get_previous_link(self) -> str | None:
        return self.cursor_link(self.cursors[1]) if self.cursors else super().get_previous_link()

    def get_first_link(self) -> str:
        if self.cursors:
            return str(self.cursor_link(START))
        return remove_query_param(self.request.build_absolute_uri(), "offset")

    def cursor_link(self, cursor: str | None) -> str | None:
        return cursor and replace_query_param(self.request.build_absolute_uri(), "cursor", cursor)

    def get_paginated_response(self, data: Any) -> Response:
        links = {"next": self.get_next_link(), "previous": self.get_previous_link()}
        count = {} if self.cursors else count_members(self.page.count)
        response = Response({**count, **links, "results": data})
        response["Link"] = link_header(self.get_first_link(), **links)
        return response

    def get_schema_operation_parameters(self, view: Any) -> list[Any]:
        """Return no parameters: the FilterSet describes them."""
        return []

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        described = super().get_paginated_response_schema(schema)
        first = f"http://127.0.0.1:8000{self.address}?limit=100"
        link = {"type": ["string", "null"], "format": "uri"}
        described["properties"] |= {
            "count": {
                "type": "integer",
                "example": 250,
                "description": "The number of rows on all pages. Omitted with cursor.",
            },
            "count_is_exact": {
                "type": "boolean",
                "example": True,
                "description": f"False if a filtered list has more than {MOST:,} rows, which are counted only"
                " with count=exact. Omitted with cursor.",
            },
            "next": {**link, "example": f"{first}&offset=200"},
            "previous": {**link, "example": first},
        }
        described["required"] = ["next", "previous", "results"]
        return described
