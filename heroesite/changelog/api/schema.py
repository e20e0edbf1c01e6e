"""The OpenAPI description of histories and change sets."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from heroesite.api.openapi.examples import BAD_LIMIT, no_such_parameter
from heroesite.api.openapi.schema import RecordAutoSchema
from heroesite.api.problems import INVALID_QUERY, Problem
from heroesite.records.filters.filtersets import LAST_OFFSET, LIMIT

AN_ENTRY = {
    "version": 2,
    "name": "Lamplighter",
    "action": "changed",
    "changes": {"age": {"before": 41, "after": 42}, "secret_name": {"changed": True}},
}

MADE = {"at": "2026-01-31T12:00:00Z", "door": "page", "user": "editor", "token": None}
A_CHANGE_SET = {
    "id": 7,
    **MADE,
    "note": "",
    "undoes": None,
    "undone_by": [],
    "counts": [{"kind": "hero", "action": "changed", "count": 1}],
}

ENTRIES_OF_A_CHANGE_SET = {
    "count": 1,
    "next": None,
    "previous": None,
    "results": [{**AN_ENTRY, "kind": "hero", "id": 1}],
}


class HistoryAutoSchema(RecordAutoSchema):
    def get_summary(self) -> str | None:
        kind = self.view.model._meta.verbose_name
        summary: str = self.view.summaries[self.view.action]
        return summary.format(kind=kind)

    def get_override_parameters(self) -> list[Any]:
        if "{id}" not in self.path:
            return []
        parameters = [OpenApiParameter("id", int, OpenApiParameter.PATH)]
        if self.view.action == "retrieve":
            for name, smallest, largest in (("limit", 1, LIMIT), ("offset", 0, LAST_OFFSET)):
                whole = {"type": "integer", "minimum": smallest, "maximum": largest}
                parameters.append(OpenApiParameter(name, whole))
        return parameters

    def get_problems(self) -> dict[str, Problem]:
        fault = no_such_parameter("limit", "offset") if "{id}" in self.path else BAD_LIMIT
        return super().get_problems() | {"parameter": Problem(400, INVALID_QUERY, [fault])}

    def get_examples(self) -> list[OpenApiExample]:
        return [OpenApiExample(self.view.model._meta.verbose_name, self.view.examples[self.view.action])]
