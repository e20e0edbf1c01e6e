"""Webhooks in the API description: the events that are sent, and the responses that are expected."""

from typing import Any

from heroesite.changelog.api import examples
from heroesite.records.audit.entries import Action
from heroesite.records.models.base import record_models

HEADERS = {
    "webhook-id": "The ID of the delivery. It stays the same when the delivery is retried.",
    "webhook-timestamp": (
        "The time of the attempt, in seconds since 1970. Reject deliveries that are older than five minutes."
    ),
    "webhook-signature": (
        "`v1,` followed by the Base64 of the HMAC-SHA256 of ID, timestamp and body, joined with dots."
    ),
}
RESPONSES = {
    "2XX": {"description": "The event was accepted."},
    "410": {"description": "The receiver doesn't want any more events. The webhook is switched off."},
    "default": {
        "description": "The event was not accepted. The delivery is retried for a day, with growing delays."
    },
}


def add_webhooks(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add webhooks to the API description. A postprocessing hook of drf-spectacular."""
    result["components"]["schemas"]["ChangeMessage"] = change_schema()
    result["webhooks"] = {
        "change": {
            "post": {
                "operationId": "webhooks_change",
                "summary": "A record was created, changed, deleted or restored",
                "description": (
                    "Sent to each URL added under Webhooks in the admin, with a signature according to"
                    " Standard Webhooks."
                ),
                "parameters": [
                    {
                        "name": name,
                        "in": "header",
                        "required": True,
                        "schema": {"type": "string"},
                        "description": description,
                    }
                    for name, description in HEADERS.items()
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {"$ref": "#/components/schemas/ChangeMessage"},
                            "examples": {"A change": {"value": example()}},
                        }
                    },
                },
                "responses": RESPONSES,
            }
        }
    }
    return result


def example() -> dict[str, Any]:
    """Return an event: a record has been changed."""
    record_type, at = examples.first_record_type(), examples.CONTEXT["at"]
    data = {
        **examples.key(record_type),
        "version": 2,
        "action": "changed",
        "at": at,
        "change_set": 7,
        "source": examples.CONTEXT["source"],
        "record": examples.record(record_type, restricted=False),
    }
    return {"type": f"{record_type.basename}.changed", "timestamp": at, "data": data}


def change_schema() -> dict[str, Any]:
    """Return the schema of an event."""
    models = record_models()
    rows = [{"$ref": f"#/components/schemas/{model._meta.object_name}Row"} for model in models]
    timestamp, integer = {"type": "string", "format": "date-time"}, {"type": "integer"}
    names = [str(model._meta.model_name) for model in models]
    data = {
        "kind": {"type": "string", "enum": names},
        "id": integer,
        "version": {
            **integer,
            "description": "Events may arrive in any order. The highest version of a record is the latest.",
        },
        "action": {"type": "string", "enum": Action.values},
        "at": timestamp,
        "change_set": integer,
        "source": {"type": "string"},
        "record": {
            "anyOf": [*rows, {"type": "null"}],
            "description": "The record after the change, or null if it was deleted.",
        },
    }
    change = {
        "type": {
            "type": "string",
            "enum": [f"{name}.{action}" for name in names for action in Action.values],
        },
        "timestamp": timestamp,
        "data": {"type": "object", "required": list(data), "properties": data},
    }
    return {
        "type": "object",
        "description": "A change, without restricted values.",
        "required": list(change),
        "properties": change,
    }
