"""The OpenAPI description: summaries, examples and error answers for every operation."""

from typing import Any

from django.conf import settings
from django.utils.text import capfirst
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from heroesite.api.openapi.examples import (
    ANYWHERE,
    BAD_LIMIT,
    BULK,
    REPEATING,
    SENDING,
    STALE,
    STALE_ITEMS,
    UNCONDITIONAL,
    UNMATCHED,
    WRITING,
    no_such_parameter,
    problem_responses,
)
from heroesite.api.problems import INVALID_QUERY, Problem

SUMMARIES = {
    "list": "List {kinds}",
    "create": "Create a {kind}",
    "retrieve": "Read one {kind}",
    "update": "Replace a {kind}",
    "partial_update": "Change a {kind}",
    "destroy": "Delete a {kind}",
    "bulk_create": "Create many {kinds}",
    "bulk_update": "Change many {kinds}",
    "bulk_destroy": "Delete many {kinds}",
}

SENT = {"create", "update", "partial_update", "bulk_create", "bulk_update", "bulk_destroy"}
"""The actions that nothing can be meant by without a body."""
AUTOMATIC = {"version": 1, "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z"}
AS_OF = OpenApiParameter(
    "as_of",
    OpenApiTypes.DATETIME,
    description="Read it as it was then, without the records linked to it. UTC unless a zone is named.",
)

KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="Made up for this request, as a UUID is. Sent again with the same key, body and path, the"
    " request is not done again: it is answered as before, with Idempotency-Replayed: true.",
)

REPLAYED = OpenApiParameter(
    "Idempotency-Replayed",
    {"type": "string", "const": "true"},
    OpenApiParameter.HEADER,
    description="The answer to an earlier request with this Idempotency-Key.",
    response=[200, 201],
)

KNOWN = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="An ETag: 304 where the answer is still it."
)

DRY_RUN = OpenApiParameter(
    "dry_run",
    {"type": "boolean", "default": False},
    description="Say what would be answered and changed, and change nothing.",
)

ITEMS = {"type": "array", "minItems": 1, "maxItems": 1000}
REHEARSED = "A rehearsal"
"""The name of the example."""
SEEN, SEEN_BEFORE_PUT = (
    OpenApiParameter(
        "If-Match",
        str,
        OpenApiParameter.HEADER,
        required=required,
        description="The ETag of the record as it was read: 412 where it has been changed since; * for any.",
    )
    for required in (False, True)
)

TAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    description="The version of the record, and a digest of the answer.",
    response=[200, 201],
)


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "heroesite.api.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A token made under /account/tokens/."}


class RecordAutoSchema(AutoSchema):
    view: Any

    def get_operation_id(self) -> str:
        """What clients call their methods: ``heroes_list``, ``heroes_bulk_create``, ``changesets_undo``."""
        words = [part for part in self.path.split("/")[3:] if part and not part.startswith("{")]
        action = str(self.view.action)
        if action.partition("_")[0] == words[-1]:
            words.pop()
        return "_".join([*words, action])

    def get_summary(self) -> str | None:
        meta = self.view.model._meta
        return SUMMARIES[self.view.action].format(kind=meta.verbose_name, kinds=meta.verbose_name_plural)

    @property
    def is_bulk(self) -> bool:
        return str(self.view.action).startswith("bulk_")

    def get_override_parameters(self) -> list[Any]:
        parameters = [OpenApiParameter("id", int, OpenApiParameter.PATH)] if "{id}" in self.path else []
        if self.method != "GET":
            parameters.append(DRY_RUN)
        if self.method in {"POST", "PATCH"}:
            parameters += [KEY, REPLAYED]
        if self.is_bulk:
            return parameters
        if self.view.action == "retrieve":
            parameters.append(KNOWN)
        if "{id}" in self.path:
            parameters.append(SEEN_BEFORE_PUT if self.method == "PUT" else SEEN)
        if self.view.action != "list" and self.method != "DELETE":
            parameters.append(TAG)
        return [*parameters, *([AS_OF, *self.narrowing()] if self.view.action == "retrieve" else [])]

    def narrowing(self) -> list[OpenApiParameter]:
        """The parameters that choose among the members of one record."""
        members = [*self.view.get_serializer().fields]
        names = {"type": "array", "items": {"type": "string", "enum": members}}
        words = {"fields": "Only these members", "omit": "Not these members"}
        return [
            OpenApiParameter(name, names, description=described, explode=False, style="form")
            for name, described in words.items()
        ]

    def get_description(self, *args: Any) -> str:
        return ""

    def get_auth(self) -> list[dict[str, Any]]:
        """A token or a session, and where everybody reads, neither."""
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
            if "requestBody" in operation and self.view.action in SENT:
                operation["requestBody"]["required"] = True
            operation["responses"] |= problem_responses(self.get_problems())
            if self.method != "GET" and self.rehearsed:
                tell_rehearsal(operation["responses"], self.rehearsed)
            if KNOWN in self.get_override_parameters():
                operation["responses"]["304"] = {"description": "It is as If-None-Match knows it."}
            operation["responses"] = dict(sorted(operation["responses"].items()))
        return operation

    @property
    def rehearsed(self) -> dict[str, Any] | None:
        """An example of what a rehearsal answers."""
        creating = self.view.action in {"create", "bulk_create"}
        status = 201 if creating else 204 if self.method == "DELETE" else 200
        action = {201: "created", 204: "deleted"}.get(status, "changed")
        created = {"id": None} if status == 201 else {"id": 1}
        row = {**created, **self.view.example, **AUTOMATIC}
        change = {"kind": self.view.model._meta.model_name, **created, "name": row["name"], "action": action}
        body = {"results": [row]} if self.is_bulk else row
        told = {"dry_run": True, "status": status, "body": None if status == 204 else body}
        return {**told, "change_count": 1, "changes": [change]}

    def get_request_serializer(self) -> Any:
        name = self.view.model._meta.object_name
        items = {
            "bulk_create": {"$ref": f"#/components/schemas/{name}Request"},
            "bulk_update": {"$ref": f"#/components/schemas/Patched{name}WithIdRequest"},
            "bulk_destroy": {"$ref": "#/components/schemas/RecordRequest"},
        }
        if self.is_bulk:
            return {"application/json": {**ITEMS, "items": items[self.view.action]}}
        return super().get_request_serializer()

    def _get_request_body(self, direction: str = "request") -> Any:
        """Of DELETE in bulk as well, which has a body all the same."""
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
        """Examples of the errors that the operation answers with, each under what is at fault."""
        parameter = {"list": BAD_LIMIT, "retrieve": no_such_parameter("as_of", "fields", "omit")}.get(
            self.view.action, no_such_parameter("dry_run")
        )
        problems = {"parameter": Problem(400, INVALID_QUERY, [parameter]), **ANYWHERE}
        if "{id}" in self.path:
            problems["id"] = Problem(404, f"{capfirst(self.view.model._meta.verbose_name)} not found")
        if self.method != "GET":
            problems |= WRITING
        if self.method in {"POST", "PUT", "PATCH"}:
            problems |= SENDING
        if self.view.action in {"create", "partial_update", "bulk_create", "bulk_update"}:
            problems |= REPEATING
        if self.view.action == "create" or self.is_bulk:
            problems |= UNMATCHED
        if self.is_bulk:
            return problems | SENDING | BULK | (STALE_ITEMS if self.method != "POST" else {})
        if any(parameter.name == SEEN.name for parameter in self.get_override_parameters()):
            problems |= STALE
            if self.method == "PUT" or (settings.REQUIRE_IF_MATCH and self.method != "GET"):
                problems |= UNCONDITIONAL
        return problems

    def get_examples(self) -> list[OpenApiExample]:
        sent = self.view.example
        title = f"A {self.view.model._meta.verbose_name}"
        shown = {"id": 1, **sent, **AUTOMATIC}
        if self.is_bulk:
            items = {"bulk_create": sent, "bulk_update": {"id": 1, "version": 1, **sent}}
            guards = {"id": 1, "version": 1}
            return [
                OpenApiExample("Items", [items.get(self.view.action, guards)], request_only=True),
                OpenApiExample(
                    "Results", {"results": [shown]}, response_only=True, status_codes=["200", "201"]
                ),
            ]
        if self.view.action != "list":
            shown |= self.view.nested_example
        return [
            OpenApiExample(title, sent, request_only=True),
            OpenApiExample(title, shown, response_only=True, status_codes=["200", "201"]),
        ]


def tell_rehearsal(responses: dict[str, Any], example: dict[str, Any]) -> None:
    """Add what is answered to ``dry_run``, beside what is answered with the same status."""
    rehearsal = {"$ref": "#/components/schemas/Rehearsal"}
    described = responses.setdefault("200", {"description": "Rehearsed."})
    content = described.setdefault("content", {}).setdefault("application/json", {})
    content["schema"] = {"oneOf": [content["schema"], rehearsal]} if "schema" in content else rehearsal
    content.setdefault("examples", {})[REHEARSED] = {"value": example}


def one_path_each(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Write the optional closing slash of each address as a slash."""
    return [(path.replace("/?", "/"), regex, method, view) for path, regex, method, view in endpoints]
