"""The operations of the OpenAPI description: summaries, parameters, bodies and error responses."""

from typing import Any

from django.conf import settings
from drf_spectacular import authentication
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample

from heroesite.api.openapi.examples import (
    AUTOMATIC,
    COMMON,
    IF_MATCH_NOT_SUPPORTED,
    IF_MATCH_REQUIRED,
    INVALID_LIMIT,
    ITEMS,
    KEY,
    REQUEST_BODY,
    STALE,
    STALE_BODY,
    STALE_ITEMS,
    no_permission,
    problem_responses,
    unknown_id,
    unknown_parameter,
)
from heroesite.api.openapi.parameters import (
    AS_OF,
    DRY_RUN,
    ETAG,
    IDEMPOTENCY_KEY,
    IDEMPOTENCY_REPLAYED,
    IF_MATCH,
    IF_NONE_MATCH,
    REQUIRED_IF_MATCH,
    id_parameter,
    sparse_fields_parameters,
)
from heroesite.api.problems import INVALID_QUERY, Problem

SUMMARIES = {
    "list": "List {names}",
    "create": "Create a {name}",
    "retrieve": "Get a {name}",
    "update": "Replace a {name}",
    "partial_update": "Update a {name}",
    "destroy": "Delete a {name}",
    "bulk_create": "Create {names} in bulk",
    "bulk_update": "Update {names} in bulk",
    "bulk_destroy": "Delete {names} in bulk",
}
DESCRIPTIONS = {
    "list": "Returns the {names} that match all filters, sorted by name. To read all pages, follow `next`.",
    "create": "Creates a {name}. To retry safely, send an Idempotency-Key.",
    "retrieve": "Returns a {name} with its linked records or, with `as_of`, as it was at a point in time.",
    "update": "Replaces a {name}. Fields that you omit are cleared, except those that you can't read."
    " Requires If-Match.",
    "partial_update": "Updates the fields that you send. To avoid overwriting someone else's changes, send"
    " If-Match, or the version that you read.",
    "destroy": "Deletes a {name}. Its history is preserved, and you can undo the deletion.",
    "bulk_create": "Creates up to 1,000 {names}. If any item is invalid, none is created.",
    "bulk_update": "Updates up to 1,000 {names}. If any item is invalid, or any version that you send isn't"
    " current, none is updated.",
    "bulk_destroy": "Deletes up to 1,000 {names}. If any item is invalid, or any version that you send isn't"
    " current, none is deleted.",
}
BODY_REQUIRED = {"create", "update", "partial_update", "bulk_create", "bulk_update", "bulk_destroy"}
BULK_BODY = {"type": "array", "minItems": 1, "maxItems": 1000}
DRY_RUN_EXAMPLE = "Dry run"
"""The name of the example."""


class SessionScheme(authentication.SessionScheme):
    target_class = "heroesite.api.authentication.SessionAuthentication"


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "heroesite.api.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "Create a token at /account/tokens/."}


class RecordAutoSchema(AutoSchema):
    """Describe the operations of a RecordViewSet."""

    view: Any

    def get_operation_id(self) -> str:
        """Return what clients call the method: ``heroes_list``, ``heroes_bulk_create``."""
        words = [part for part in self.path.split("/")[3:] if part and not part.startswith("{")]
        action = str(self.view.action)
        if action.partition("_")[0] == words[-1]:
            words.pop()
        return "_".join([*words, action])

    def get_summary(self) -> str | None:
        return self.with_names(SUMMARIES[self.view.action])

    def get_description(self, *args: Any) -> str:
        return self.with_names(DESCRIPTIONS[self.view.action])

    def with_names(self, text: str) -> str:
        meta = self.view.model._meta
        return text.format(name=meta.verbose_name, names=meta.verbose_name_plural)

    @property
    def is_bulk(self) -> bool:
        return str(self.view.action).startswith("bulk_")

    @property
    def is_one(self) -> bool:
        """Whether the URL is that of one record."""
        return "{id}" in self.path

    def get_override_parameters(self) -> list[Any]:
        parameters = [id_parameter()] if self.is_one else []
        if self.method != "GET":
            parameters.append(DRY_RUN)
        if self.method in {"POST", "PATCH"}:
            parameters += [IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED]
        if self.is_bulk:
            return parameters
        if self.view.action == "retrieve":
            parameters.append(IF_NONE_MATCH)
        if self.is_one:
            parameters.append(REQUIRED_IF_MATCH if self.method == "PUT" else IF_MATCH)
        if self.view.action != "list" and self.method != "DELETE":
            parameters.append(ETAG)
        if self.view.action == "retrieve":
            parameters += [AS_OF, *sparse_fields_parameters([*self.view.get_serializer().fields])]
        return parameters

    def get_auth(self) -> list[dict[str, Any]]:
        """Return a token or a session; neither, for reading a public register."""
        anonymous: list[dict[str, Any]] = [{}] if settings.PUBLIC_READ and self.method == "GET" else []
        return [*super().get_auth(), *anonymous]

    def _get_paginator(self) -> Any:
        paginator = super()._get_paginator()
        if paginator:
            paginator.address = self.path
        return paginator

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation:
            if "requestBody" in operation and self.view.action in BODY_REQUIRED:
                operation["requestBody"]["required"] = True
            operation["responses"] |= problem_responses(self.get_problems())
            if self.method != "GET" and self.dry_run_example:
                add_dry_run_response(operation["responses"], self.dry_run_example)
            if IF_NONE_MATCH in self.get_override_parameters():
                operation["responses"]["304"] = {"description": "Not Modified"}
            operation["responses"] = dict(sorted(operation["responses"].items()))
        return operation

    @property
    def dry_run_example(self) -> dict[str, Any] | None:
        """An example of the response to a dry run."""
        creating = self.view.action in {"create", "bulk_create"}
        status = 201 if creating else 204 if self.method == "DELETE" else 200
        action = {201: "created", 204: "deleted"}.get(status, "changed")
        key = {"id": None} if status == 201 else {"id": 1}
        row = {**key, **self.view.example, **AUTOMATIC}
        change = {"kind": self.view.model._meta.model_name, **key, "name": row["name"], "action": action}
        body = {"results": [row]} if self.is_bulk else row
        described = {"dry_run": True, "status": status, "body": None if status == 204 else body}
        return {**described, "change_count": 1, "changes": [change]}

    def get_request_serializer(self) -> Any:
        name = self.view.model._meta.object_name
        items = {
            "bulk_create": {"$ref": f"#/components/schemas/{name}Request"},
            "bulk_update": {"$ref": f"#/components/schemas/Patched{name}WithIdRequest"},
            "bulk_destroy": {"$ref": "#/components/schemas/RecordRequest"},
        }
        if self.is_bulk:
            return {"application/json": {**BULK_BODY, "items": items[self.view.action]}}
        return super().get_request_serializer()

    def _get_request_body(self, direction: str = "request") -> Any:
        """Return the body, which DELETE in bulk has as well."""
        method, self.method = self.method, "PATCH" if self.is_bulk else self.method
        try:
            return super()._get_request_body(direction)
        finally:
            self.method = method

    def get_response_serializers(self) -> Any:
        if not self.is_bulk or self.method == "DELETE":
            return super().get_response_serializers()
        row = {"$ref": f"#/components/schemas/{self.view.model._meta.object_name}Row"}
        results = {
            "type": "object",
            "required": ["results"],
            "properties": {"results": {"type": "array", "items": row}},
        }
        return {201 if self.method == "POST" else 200: results}

    def get_problems(self) -> dict[str, Problem]:
        """Return an example of each error of the operation, by what causes it."""
        parameter = {"list": INVALID_LIMIT, "retrieve": unknown_parameter("as_of", "fields", "omit")}.get(
            self.view.action, unknown_parameter("dry_run")
        )
        problems = {"parameter": Problem(400, INVALID_QUERY, [parameter]), **COMMON}
        if self.is_one:
            problems |= unknown_id(self.view.model)
        if self.method != "GET":
            problems |= no_permission(str(self.method), self.view.model)
        if self.method in {"POST", "PUT", "PATCH"} or self.is_bulk:
            problems |= REQUEST_BODY
        if self.view.action in {"create", "partial_update", "bulk_create", "bulk_update"}:
            problems |= KEY
        if self.view.action == "partial_update":
            problems |= STALE_BODY
        if self.view.action == "create" or self.is_bulk:
            problems |= IF_MATCH_NOT_SUPPORTED
        if self.is_bulk:
            return problems | ITEMS | (STALE_ITEMS if self.method != "POST" else {})
        if any(parameter.name == IF_MATCH.name for parameter in self.get_override_parameters()):
            problems |= STALE
            if self.method == "PUT" or (settings.REQUIRE_IF_MATCH and self.method != "GET"):
                problems |= IF_MATCH_REQUIRED
        return problems

    def get_examples(self) -> list[OpenApiExample]:
        sent = self.view.example
        title = f"A {self.view.model._meta.verbose_name}"
        row = {"id": 1, **sent, **AUTOMATIC}
        if self.is_bulk:
            items = {"bulk_create": sent, "bulk_update": {"id": 1, "version": 1, **sent}}
            item = items.get(self.view.action, {"id": 1, "version": 1})
            return [
                OpenApiExample("Items", [item], request_only=True),
                OpenApiExample(
                    "Results", {"results": [row]}, response_only=True, status_codes=["200", "201"]
                ),
            ]
        if self.view.action != "list":
            row |= self.view.nested_example
        return [
            OpenApiExample(title, sent, request_only=True),
            OpenApiExample(title, row, response_only=True, status_codes=["200", "201"]),
        ]


def add_dry_run_response(responses: dict[str, Any], example: dict[str, Any]) -> None:
    """Describe the response to a dry run, next to any other response with its status."""
    dry_run = {"$ref": "#/components/schemas/DryRun"}
    described = responses.setdefault("200", {"description": "The result of a dry run."})
    content = described.setdefault("content", {}).setdefault("application/json", {})
    content["schema"] = {"oneOf": [content["schema"], dry_run]} if "schema" in content else dry_run
    content.setdefault("examples", {})[DRY_RUN_EXAMPLE] = {"value": example}


def with_trailing_slash(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Describe each address once, with the slash that is optional."""
    return [(path.replace("/?", "/"), regex, method, view) for path, regex, method, view in endpoints]
