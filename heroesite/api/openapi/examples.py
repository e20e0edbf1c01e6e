"""Examples in the OpenAPI description: the read-only members of a record, and each error response."""

from typing import Any

from django.http import HttpRequest

from heroesite.api.authentication import INVALID
from heroesite.api.conditional import IfMatchNotSupported, PreconditionFailed, PreconditionRequired
from heroesite.api.idempotency import IdempotencyKeyInUse, IdempotencyKeyReused, InvalidIdempotencyKey
from heroesite.api.limits import LimitExceeded
from heroesite.api.problems import (
    INVALID_BODY,
    INVALID_ITEMS,
    MEDIA_TYPE,
    NOT_ACCEPTABLE,
    Problem,
    unknown_id_message,
    unknown_member_message,
)

INVALID_LIMIT = {
    "parameter": "limit",
    "message": "Enter a whole number from 1 to 100.",
    "code": "max_value",
}
UNKNOWN_ID = 999_999
AUTOMATIC = {"version": 1, "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z"}
CHANGED = "The record has changed and is now at version 1."


def unknown_parameter(*known: str) -> dict[str, str]:
    """Return the error of a parameter that isn't ``known``."""
    message = f"Unknown parameter. Use one of: {', '.join(known)}."
    return {"parameter": "colour", "message": message, "code": "unknown_parameter"}


def unknown_member(*known: str) -> Problem:
    """Return the error of a body with a member that isn't ``known``."""
    error = {"pointer": "/name", "message": unknown_member_message(*known), "code": "unknown_member"}
    return Problem(422, INVALID_BODY, [error])


def unknown_id(model: Any) -> dict[str, Problem]:
    return {"id": Problem(404, unknown_id_message(model, UNKNOWN_ID))}


def no_permission(method: str, model: Any) -> dict[str, Problem]:
    """Return the error of a user without permission to add, change or delete records."""
    action = {"POST": "add", "DELETE": "delete"}.get(method, "change")
    names = model._meta.verbose_name_plural
    return {"permission": Problem(403, f"This needs permission to {action} {names}.")}


COMMON = {
    "token": Problem(401, INVALID),
    "accept": Problem(406, NOT_ACCEPTABLE),
    "limit": Problem(429, LimitExceeded.message.format(limit=30_000, name="token", wait=12)),
}
REQUEST_BODY = {
    "not JSON": Problem(
        400, "The request body isn't valid JSON: Expecting ':' delimiter at line 1, column 8."
    ),
    "too large": Problem(413, "The request body is larger than 2 MB. Send less at once."),
    "media type": Problem(415, "Unsupported media type “text/plain”. Set Content-Type to application/json."),
    "body": Problem(
        422,
        INVALID_BODY,
        [{"pointer": "/name", "message": "This field is required.", "code": "required"}],
    ),
}
KEY = {
    "key": Problem(400, str(InvalidIdempotencyKey.default_detail)),
    "key in use": Problem(409, str(IdempotencyKeyInUse.default_detail)),
    "key reused": Problem(422, str(IdempotencyKeyReused.default_detail)),
}
STALE = {"stale": Problem(412, PreconditionFailed.message.format(version=1), more={"version": 1})}
STALE_BODY = {
    "stale version": Problem(
        409,
        f"{CHANGED} Read it again, then send your changes.",
        [{"pointer": "/version", "message": CHANGED, "code": "stale"}],
        more={"version": 1},
    )
}
ITEMS = {
    "too large": Problem(413, "The request body is larger than 10 MB. Send less at once."),
    "body": Problem(
        422,
        INVALID_ITEMS,
        [{"pointer": "", "message": "Send a JSON array of 1 to 1,000 objects.", "code": "invalid_length"}],
    ),
}
STALE_ITEMS = {
    "stale version": Problem(
        409, INVALID_ITEMS, [{"pointer": "/0/version", "message": CHANGED, "code": "stale"}]
    )
}
IF_MATCH_NOT_SUPPORTED = {"If-Match": Problem(412, str(IfMatchNotSupported.default_detail))}
IF_MATCH_REQUIRED = {"no If-Match": Problem(428, str(PreconditionRequired.default_detail))}

PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail", "errors", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong and how to fix it."},
        "errors": {
            "type": "array",
            "description": "The errors in the body or the query, at most 50.",
            "items": {
                "type": "object",
                "required": ["message", "code"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "A JSON pointer (RFC 6901) to a member of the request body.",
                    },
                    "parameter": {"type": "string", "description": "The name of a query parameter."},
                    "message": {"type": "string"},
                    "code": {"type": "string", "description": "A stable code for programs."},
                },
            },
        },
        "version": {
            "type": "integer",
            "description": "The current version of the record, if you sent another.",
        },
        "skipped": {
            "type": "array",
            "items": {"type": "object"},
            "description": "The records that an undo skipped.",
        },
        "request_id": {
            "type": "string",
            "description": "Identifies the request in the log. Include it when you report a problem.",
        },
    },
}


def problem_responses(problems: dict[str, Problem]) -> dict[str, Any]:
    """Return the OpenAPI response of each status among ``problems``, with these as its examples."""
    responses: dict[str, Any] = {}
    for name, problem in sorted(problems.items(), key=lambda item: item[1].status):
        members = problem.members(HttpRequest()) | {"request_id": "6f1f4b0e-6d0c-4f6e-9d5e-3c1f0a2b7c11"}
        content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}
        described = {"description": members["title"], "content": {MEDIA_TYPE: content}}
        response = responses.setdefault(str(problem.status), described)
        response["content"][MEDIA_TYPE]["examples"][name] = {"value": members}
    return responses
