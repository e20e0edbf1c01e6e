"""Paging by offset or by cursor, with the links of RFC 8288."""

from typing import Any

from rest_framework.exceptions import ErrorDetail
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from heroesite.api.problems import InvalidQuery
from heroesite.records.filters.cursor import START, CursorPaginator, InvalidCursor
from heroesite.records.filters.filtersets import LIMIT


class RecordPagination(LimitOffsetPagination):
    """``limit`` with ``offset`` or ``cursor``, which the FilterSet has checked.

    By ``offset`` an answer counts all that was found; by ``cursor`` it does not, and its cost does not grow
    with depth. The links stand in the ``Link`` header as well (RFC 8288).
    """

    default_limit = max_limit = LIMIT
    address = ""
    """Of the list, for the examples in the schema."""
    cursors: tuple[str | None, str | None] | None = None
    request: Request

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        cursor = request.query_params.get("cursor")
        if not cursor:
            return super().paginate_queryset(queryset, request, view)
        self.request = request
        try:
            rows, *cursors = CursorPaginator(queryset).page(cursor, self.get_limit(request) or LIMIT)
        except InvalidCursor as error:
            raise InvalidQuery({"cursor": [ErrorDetail(str(error), "cursor")]}) from None
        self.cursors = cursors[0], cursors[1]
        return rows

    def get_next_link(self) -> str | None:
        return self.link(self.cursors[0]) if self.cursors else super().get_next_link()

    def get_previous_link(self) -> str | None:
        return self.link(self.cursors[1]) if self.cursors else super().get_previous_link()

    def link(self, cursor: str | None) -> str | None:
        return cursor and replace_query_param(self.request.build_absolute_uri(), "cursor", cursor)

    def get_first_link(self) -> str:
        here = self.request.build_absolute_uri()
        return (
            replace_query_param(here, "cursor", START) if self.cursors else remove_query_param(here, "offset")
        )

    def get_paginated_response(self, data: Any) -> Response:
        links = {"next": self.get_next_link(), "previous": self.get_previous_link()}
        counted = {} if self.cursors else {"count": self.count}
        answer = Response({**counted, **links, "results": data})
        related = {"first": self.get_first_link(), "prev": links["previous"], "next": links["next"]}
        answer["Link"] = ", ".join(f'<{link}>; rel="{name}"' for name, link in related.items() if link)
        return answer

    def get_schema_operation_parameters(self, view: Any) -> list[Any]:
        """None beside those that the FilterSet describes."""
        return []

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        described = super().get_paginated_response_schema(schema)
        first = f"http://127.0.0.1:8000{self.address}?limit=100"
        link = {"type": ["string", "null"], "format": "uri"}
        described["properties"] |= {
            "count": {"type": "integer", "example": 250, "description": "Not where it is paged by cursor."},
            "next": {**link, "example": f"{first}&offset=200"},
            "previous": {**link, "example": first},
        }
        described["required"] = ["next", "previous", "results"]
        return described
