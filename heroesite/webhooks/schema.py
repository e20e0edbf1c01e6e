"""Webhooks in the OpenAPI description: what a receiver is sent, and what it may answer."""

from typing import Any

from heroesite.records.audit.entries import Action
from heroesite.records.models.base import record_models

EXAMPLE = {
    "type": "hero.changed",
    "timestamp": "2026-01-31T12:00:00Z",
    "data": {
        "kind": "hero",
        "id": 1,
        "version": 2,
        "action": "changed",
        "at": "2026-01-31T12:00:00Z",
        "change_set": 7,
        "door": "page",
        "record": {
            "id": 1,
            "name": "Lamplighter",
            "age": 42,
            "team_id": 1,
            "version": 2,
            "created_at": "2026-01-31T12:00:00Z",
            "updated_at": "2026-01-31T12:00:00Z",
        },
    },
}
HEADERS = {
    "webhook-id": "Of the delivery: the same, however often it is sent.",
    "webhook-timestamp": "When it was sent, in seconds since 1970. Refuse what is older than five minutes.",
    "webhook-signature": "v1, and the HMAC-SHA256 of id, timestamp and body, dots between them, in Base64.",
}


def add_webhooks(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Describe what webhooks are sent."""
    names = [f"{model._meta.object_name}Row" for model in record_models()]
    rows: list[dict[str, Any]] = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    instant, whole = {"type": "string", "format": "date-time"}, {"type": "integer"}
    kinds = [str(model._meta.model_name) for model in record_models()]
    data = {
        "kind": {"type": "string", "enum": kinds},
        "id": whole,
        "version": {**whole, "description": "Of one record the highest counts, whatever the order."},
        "action": {"type": "string", "enum": Action.values},
        "at": instant,
        "change_set": whole,
        "door": {"type": "string"},
        "record": {
            "anyOf": [*rows, {"type": "null"}],
            "description": "As the change left it; of a deletion none.",
        },
    }
    change = {
        "type": {
            "type": "string",
            "enum": [f"{kind}.{action}" for kind in kinds for action in Action.values],
        },
        "timestamp": instant,
        "data": {"type": "object", "required": list(data), "properties": data},
    }
    result["components"]["schemas"]["ChangeMessage"] = {
        "type": "object",
        "description": "A change, without restricted values.",
        "required": list(change),
        "properties": change,
    }
    described = {"$ref": "#/components/schemas/ChangeMessage"}
    result["webhooks"] = {
        "change": {
            "post": {
                "operationId": "webhooks_change",
                "summary": "A record was created, changed, deleted or brought back",
                "description": "Sent to the addresses that staff subscribe in the admin (Standard Webhooks).",
                "parameters": [
                    {
                        "name": name,
                        "in": "header",
                        "required": True,
                        "schema": {"type": "string"},
                        "description": words,
                    }
                    for name, words in HEADERS.items()
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": described,
                            "examples": {"A change": {"value": EXAMPLE}},
                        }
                    },
                },
                "responses": {
                    "2XX": {"description": "Taken."},
                    "410": {"description": "No more of these: the webhook is switched off."},
                    "default": {
                        "description": "Not taken: it is sent again, with growing pauses, for a day."
                    },
                },
            }
        }
    }
    return result
