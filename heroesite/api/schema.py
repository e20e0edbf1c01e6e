"""The OpenAPI description: summaries, examples and error answers for every operation."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from .problems import MEDIA_TYPE

SUMMARIES = {
    "list": "List {kinds}",
    "create": "Create a {kind}",
    "retrieve": "Read one {kind}",
    "update": "Replace a {kind}",
    "partial_update": "Change a {kind}",
    "destroy": "Delete a {kind}",
}
AUTOMATIC = {"version": 1, "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z"}

BODIES = {"post", "put", "patch"}
DETAILS = {
    400: "The query string cannot be used: see errors.",
    401: "The token is not valid. Make a new one under /account/tokens/.",
    403: "You do not have permission to perform this action.",
    404: "{noun} not found",
    406: "Could not satisfy the request Accept header.",
    413: "The body is larger than 2 MB. Send less at once.",
    415: "Unsupported media type “text/plain” in request.",
    422: "The body breaks a rule: see errors.",
}
FAULTS = {
    400: [{"parameter": "limit", "message": "Enter a whole number from 1 to 100.", "code": "max_value"}],
    422: [{"pointer": "/name", "message": "This field is required.", "code": "blank"}],
}
PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail", "errors", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong and how to mend it."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["message", "code"],
                "properties": {
                    "pointer": {"type": "string", "description": "The member of the body (RFC 6901)."},
                    "parameter": {"type": "string", "description": "The parameter in the query string."},
                    "message": {"type": "string"},
                    "code": {"type": "string", "description": "Never changes; for programs."},
                },
            },
        },
        "request_id": {"type": "string"},
    },
}


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "heroesite.api.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A token made under /account/tokens/."}


class RecordAutoSchema(AutoSchema):
    view: Any

    def get_summary(self) -> str | None:
        meta = self.view.model._meta
        return SUMMARIES[self.view.action].format(kind=meta.verbose_name, kinds=meta.verbose_name_plural)

    def get_override_parameters(self) -> list[Any]:
        return [OpenApiParameter("id", int, OpenApiParameter.PATH)] if "{id}" in self.path else []

    def get_description(self, *args: Any) -> str:
        return ""

    def get_examples(self) -> list[OpenApiExample]:
        sent = self.view.example
        title = f"A {self.view.model._meta.verbose_name}"
        shown = {"id": 1, **sent, **AUTOMATIC}
        if self.view.action != "list":
            shown |= self.view.nested_example
        return [
            OpenApiExample(title, sent, request_only=True),
            OpenApiExample(title, shown, response_only=True, status_codes=["200", "201"]),
        ]


def one_path_each(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Write the optional closing slash of each address as a slash."""
    return [(path.replace("/?", "/"), regex, method, view) for path, regex, method, view in endpoints]


def add_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add to every operation the errors that it can answer with, and that visitors may read."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            if method == "get":
                operation["security"].append({})
            for status in errors_of(path, method):
                noun = operation["summary"].rpartition(" ")[2]
                operation["responses"][str(status)] = problem_response(status, method, noun)
    return result


def errors_of(path: str, method: str) -> list[int]:
    errors = [400, 401, 406]
    if method != "get":
        errors += [403]
    if "{" in path:
        errors += [404]
    if method in BODIES:
        errors += [413, 415, 422]
    return sorted(errors)


def problem_response(status: int, method: str, noun: str) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    detail, faults = DETAILS[status].format(noun=noun.capitalize()), FAULTS.get(status, [])
    if status == HTTPStatus.BAD_REQUEST and method in BODIES:
        detail, faults = "The body is not JSON: Expecting value at line 1, column 1.", []
    example = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "errors": faults,
        "request_id": "6f1f4b0e-6d0c-4f6e-9d5e-3c1f0a2b7c11",
    }
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": title, "content": {MEDIA_TYPE: {"schema": schema, "example": example}}}
