"""The error responses of the OpenAPI description: their schema, and examples of each."""

from typing import Any

from django.http import HttpRequest

from heroesite.api.conditional import IfMatchNotSupported, PreconditionFailed, PreconditionRequired
from heroesite.api.idempotency import BadKey, KeyReused, StillRunning
from heroesite.api.limits import LimitReached
from heroesite.api.problems import (
    INVALID_BODY,
    INVALID_ITEMS,
    MEDIA_TYPE,
    NOT_ACCEPTABLE,
    Problem,
    unknown_member_message,
)

BAD_LIMIT = {"parameter": "limit", "message": "Enter a whole number from 1 to 100.", "code": "max_value"}


def no_such_parameter(*names: str) -> dict[str, str]:
    message = f"There is no such parameter; there are: {', '.join(names)}."
    return {"parameter": "colour", "message": message, "code": "unknown"}


NO_NAME = {"pointer": "/name", "message": "This field is required.", "code": "blank"}


def unknown_member(*known: str) -> Problem:
    """Return the error of a body with a member that isn't ``known``."""
    error = {"pointer": "/name", "message": unknown_member_message(*known), "code": "unknown"}
    return Problem(422, INVALID_BODY, [error])


ANYWHERE = {
    "token": Problem(401, "The token is not valid. Make a new one under /account/tokens/."),
    "accept": Problem(406, NOT_ACCEPTABLE),
    "limit": Problem(429, LimitReached.words.format(most=30_000, name="token", wait=12)),
}

WRITING = {"permission": Problem(403, "You don't have permission to change heroes.")}
SENDING = {
    "not JSON": Problem(
        400, "The request body isn't valid JSON: Expecting ':' delimiter at line 1, column 8."
    ),
    "too large": Problem(413, "The request body is larger than 2 MB. Send less at once."),
    "not application/json": Problem(
        415, "Unsupported media type “text/plain”. Set Content-Type to application/json."
    ),
    "rule": Problem(422, INVALID_BODY, [NO_NAME]),
}

REPEATING = {
    "key": Problem(400, str(BadKey.default_detail)),
    "key in use": Problem(409, str(StillRunning.default_detail)),
    "key reused": Problem(422, str(KeyReused.default_detail)),
}

STALE = {
    "stale": Problem(412, PreconditionFailed.message.format(version=1), more={"version": 1}),
}

BULK = {
    "too large": Problem(413, "The request body is larger than 10 MB. Send less at once."),
    "rule": Problem(
        422,
        INVALID_ITEMS,
        [{"pointer": "", "message": "Send a list of 1 to 1,000 objects.", "code": "not_a_list"}],
    ),
}

STALE_ITEMS = {
    "stale item": Problem(
        409,
        INVALID_ITEMS,
        [
            {
                "pointer": "/0/version",
                "message": "The record has been changed since: it is at version 1.",
                "code": "stale",
            }
        ],
    )
}

UNMATCHED = {"nothing to match": Problem(412, IfMatchNotSupported.default_detail)}
UNCONDITIONAL = {"unconditional": Problem(428, PreconditionRequired.default_detail)}
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
            "items": {
                "type": "object",
                "required": ["message", "code"],
                "properties": {
                    "pointer": {"type": "string", "description": "The member of the body (RFC 6901)."},
                    "parameter": {"type": "string", "description": "The parameter in the query string."},
                    "message": {"type": "string"},
                    "code": {"type": "string", "description": "Stable; for programs."},
                },
            },
        },
        "version": {"type": "integer", "description": "With 412: the current version of the record."},
        "skipped": {
            "type": "array",
            "items": {"type": "object"},
            "description": "With 409: skipped records.",
        },
        "request_id": {"type": "string"},
    },
}


def problem_responses(problems: dict[str, Problem]) -> dict[str, Any]:
    """An answer for each status among ``problems``, with those that have it for examples."""
    responses: dict[str, Any] = {}
    for name, problem in sorted(problems.items(), key=lambda item: item[1].status):
        shown = problem.members(HttpRequest()) | {"request_id": "6f1f4b0e-6d0c-4f6e-9d5e-3c1f0a2b7c11"}
        content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}
        described = {"description": shown["title"], "content": {MEDIA_TYPE: content}}
        response = responses.setdefault(str(problem.status), described)
        response["content"][MEDIA_TYPE]["examples"][name] = {"value": shown}
    return responses
