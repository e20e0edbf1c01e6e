"""The OpenAPI description of histories and change sets."""

from typing import Any

from django.utils.text import camel_case_to_spaces
from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from heroesite.api.openapi.examples import INVALID_LIMIT, unknown_parameter
from heroesite.api.openapi.parameters import id_parameter
from heroesite.api.openapi.schema import RecordAutoSchema
from heroesite.api.problems import INVALID_QUERY, Problem
from heroesite.records.filters.filtersets import LAST_OFFSET, LIMIT


class HistoryAutoSchema(RecordAutoSchema):
    """Describe operations whose views have ``summaries``, ``descriptions`` and ``get_example()``."""

    def get_summary(self) -> str | None:
        return self.with_names(self.view.summaries[self.view.action])

    def get_description(self, *args: Any) -> str:
        return self.with_names(self.view.descriptions[self.view.action])

    def get_override_parameters(self) -> list[Any]:
        if not self.is_one:
            return []
        parameters = [id_parameter()]
        if self.view.action == "retrieve":
            for name, smallest, largest in (("limit", 1, LIMIT), ("offset", 0, LAST_OFFSET)):
                whole = {"type": "integer", "minimum": smallest, "maximum": largest}
                parameters.append(OpenApiParameter(name, whole))
        return parameters

    def get_problems(self) -> dict[str, Problem]:
        error = unknown_parameter("limit", "offset") if self.is_one else INVALID_LIMIT
        return super().get_problems() | {"parameter": Problem(400, INVALID_QUERY, [error])}

    def get_examples(self) -> list[OpenApiExample]:
        name = camel_case_to_spaces(self.view.model.__name__)
        return [OpenApiExample(name, self.view.get_example())]
