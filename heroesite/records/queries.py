"""What the API does with a query string: it finds, orders and pages, or refuses."""

from copy import copy
from typing import Any

from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.contrib.django_filters import DjangoFilterExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ErrorDetail
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from heroesite.api.problems import InvalidQuery

from .filters import LIMIT
from .keyset import START, BadCursor, Keyset
from .lookups import ListFilter
from .query_forms import WriteForm
from .serializers import details


class QueryBackend(DjangoFilterBackend):
    """The query string through the FilterSet; a fault in it is a 400."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        filterset = self.get_filterset(request, queryset, view)
        check_query(filterset.form)
        view.shape = filterset.shape
        return filterset.qs


def check_query(form: Any) -> None:
    """Refuse a query string in which ``form`` finds a fault."""
    if not form.is_valid():
        faults = form.errors.as_data()
        raise InvalidQuery({name: list(details(errors)) for name, errors in faults.items()})


def is_rehearsal(request: Request) -> bool:
    """Whether a write is to be told and not done.

    Raises:
        InvalidQuery: the query string asks something else.
    """
    form = WriteForm(request.query_params)
    check_query(form)
    rehearsal: bool = form.cleaned_data["dry_run"]
    return rehearsal


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
            rows, *cursors = Keyset(queryset).page(cursor, self.get_limit(request) or LIMIT)
        except BadCursor as error:
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


class QuerySchema(DjangoFilterExtension):
    """Tells the parameters in the API's description."""

    target_class = "heroesite.records.queries.QueryBackend"
    priority = 1

    def resolve_filter_field(
        self, auto_schema: Any, model: Any, filterset_class: Any, field_name: str, filter_field: Any
    ) -> Any:
        known = filter_field
        choices = filter_field.extra.get("choices")
        if callable(choices):
            described = {"type": "string", "enum": [value for value, _label in choices()]}
            known = extend_schema_field(described)(copy(filter_field))
        if isinstance(filter_field, ListFilter):
            known = extend_schema_field({"type": "string"})(copy(filter_field))
        [parameter] = super().resolve_filter_field(auto_schema, model, filterset_class, field_name, known)
        if isinstance(filter_field, ListFilter):
            items = {"type": "array", "items": filter_field.items}
            parameter |= {"schema": items, "explode": False, "style": "form"}
        # A page's form sends what nobody has filled in: it narrows nothing.
        return [parameter | {"description": str(filter_field.label), "allowEmptyValue": True}]
