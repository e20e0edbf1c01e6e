"""What the API does with a query string: it finds, orders and pages, or refuses."""

from copy import copy
from typing import Any

from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.contrib.django_filters import DjangoFilterExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework.request import Request

from heroesite.api.problems import InvalidQuery
from heroesite.records.api.serializers import details
from heroesite.records.filters.filters import ListFilter
from heroesite.records.filters.forms import WriteForm


class RecordFilterBackend(DjangoFilterBackend):
    """The query string through the FilterSet; a fault in it is a 400."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        filterset = self.get_filterset(request, queryset, view)
        validate_query(filterset.form)
        view.shape = filterset.sparse_fields
        return filterset.qs


def validate_query(form: Any) -> None:
    """Refuse a query string in which ``form`` finds a fault."""
    if not form.is_valid():
        faults = form.errors.as_data()
        raise InvalidQuery({name: list(details(errors)) for name, errors in faults.items()})


def is_dry_run(request: Request) -> bool:
    """Whether a write is to be told and not done.

    Raises:
        InvalidQuery: the query string asks something else.
    """
    form = WriteForm(request.query_params)
    validate_query(form)
    rehearsal: bool = form.cleaned_data["dry_run"]
    return rehearsal


class QuerySchema(DjangoFilterExtension):
    """Tells the parameters in the API's description."""

    target_class = "heroesite.records.api.filter_backend.RecordFilterBackend"
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
