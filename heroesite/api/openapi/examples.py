"""What the OpenAPI description tells about refusals: their shape, and examples of each."""

from typing import Any

from django.http import HttpRequest

from heroesite.api.conditional import NothingToMatch, PreconditionFailed, PreconditionRequired
from heroesite.api.idempotency import BadKey, KeyReused, StillRunning
from heroesite.api.limits import LimitReached
from heroesite.api.problems import MEDIA_TYPE, Problem, no_member

UNUSABLE = "The query string cannot be used: see errors."
BAD_LIMIT = {"parameter": "limit", "message": "Enter a whole number from 1 to 100.", "code": "max_value"}


def no_such_parameter(*names: str) -> dict[str, str]:
    message = f"There is no such parameter; there are: {', '.join(names)}."
    return {"parameter": "colour", "message": message, "code": "unknown"}


NO_NAME = {"pointer": "/name", "message": "This field is required.", "code": "blank"}


def unknown_member(*known: str) -> Problem:
    """The refusal of a body with a member that is not among ``known``."""
    fault = {"pointer": "/name", "message": no_member(*known), "code": "unknown"}
    return Problem(422, "The body breaks a rule: see errors.", [fault])


ANYWHERE = {
    "token": Problem(401, "The token is not valid. Make a new one under /account/tokens/."),
    "accept": Problem(406, "Could not satisfy the request Accept header."),
    "limit": Problem(429, LimitReached.words.format(most=30_000, name="token", wait=12)),
}

WRITING = {"permission": Problem(403, "You do not have permission to perform this action.")}
SENDING = {
    "not JSON": Problem(400, "The body is not JSON: Expecting ':' delimiter at line 1, column 8."),
    "too large": Problem(413, "The body is larger than 2 MB. Send less at once."),
    "not application/json": Problem(415, 'Unsupported media type "text/plain" in request.'),
    "rule": Problem(422, "The body breaks a rule: see errors.", [NO_NAME]),
}

REPEATING = {
    "key": Problem(400, str(BadKey.default_detail)),
    "key in use": Problem(409, str(StillRunning.default_detail)),
    "key reused": Problem(422, str(KeyReused.default_detail)),
}

STALE = {
    "stale": Problem(412, PreconditionFailed.words.format(version=1), more={"version": 1}),
}

BULK = {
    "too large": Problem(413, "The body is larger than 10 MB. Send less at once."),
    "rule": Problem(
        422,
        "Nothing was done, since some items cannot be taken: see errors.",
        [{"pointer": "", "message": "Send a list of 1 to 1,000 objects.", "code": "not_a_list"}],
    ),
}

STALE_ITEMS = {
    "stale item": Problem(
        409,
        "Nothing was done, since some items cannot be taken: see errors.",
        [
            {
                "pointer": "/0/version",
                "message": "The record has been changed since: it is at version 1.",
                "code": "stale",
            }
        ],
    )
}

UNMATCHED = {"nothing to match": Problem(412, NothingToMatch.default_detail)}
UNCONDITIONAL = {"unconditional": Problem(428, PreconditionRequired.default_detail)}
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
        "version": {"type": "integer", "description": "Of 412: the one that the record is at."},
        "skipped": {"type": "array", "items": {"type": "object"}, "description": "Of 409: skipped records."},
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
