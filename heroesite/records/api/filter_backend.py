"""Query strings at the API: filter and sort a list, or reject the request."""

from copy import copy
from typing import Any

from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.contrib.django_filters import DjangoFilterExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework.request import Request

from heroesite.api.openapi.parameters import list_parameter
from heroesite.api.problems import InvalidQuery
from heroesite.records.api.errors import details
from heroesite.records.filters.filters import ListFilter
from heroesite.records.filters.forms import WriteForm


class RecordFilterBackend(DjangoFilterBackend):
    """Filter with the FilterSet of the view, which the pages share."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        filterset = self.get_filterset(request, queryset, view)
        validate_query(filterset.form)
        view.sparse_fields = filterset.sparse_fields
        return filterset.qs


def validate_query(form: Any) -> None:
    """Validate a query string as an API client sends it: an empty parameter is an error.

    Raises:
        InvalidQuery: ``form`` has errors.
    """
    form.allow_empty = False
    if not form.is_valid():
        raise InvalidQuery({name: list(details(errors)) for name, errors in form.errors.as_data().items()})


def is_dry_run(request: Request) -> bool:
    """Return whether a write is to be rolled back and only described.

    Raises:
        InvalidQuery: the query string has other parameters.
    """
    if not request.query_params:
        return False
    form = WriteForm(request.query_params)
    validate_query(form)
    dry_run: bool = form.cleaned_data["dry_run"]
    return dry_run


class QuerySchema(DjangoFilterExtension):
    """Describe the filters in the OpenAPI description."""

    target_class = "heroesite.records.api.filter_backend.RecordFilterBackend"
    priority = 1

    def resolve_filter_field(
        self, auto_schema: Any, model: Any, filterset_class: Any, field_name: str, filter_field: Any
    ) -> Any:
        described = filter_field
        choices = filter_field.extra.get("choices")
        if callable(choices):
            schema = {"type": "string", "enum": [value for value, _label in choices()]}
            described = extend_schema_field(schema)(copy(filter_field))
        if isinstance(filter_field, ListFilter):
            described = extend_schema_field({"type": "string"})(copy(filter_field))
        [parameter] = super().resolve_filter_field(auto_schema, model, filterset_class, field_name, described)
        description = str(getattr(filter_field, "description", filter_field.label))
        if isinstance(filter_field, ListFilter):
            return [parameter | list_parameter(filter_field.items, description)]
        return [parameter | {"description": description}]
