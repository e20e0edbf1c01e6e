"""The component schemas that many operations share in the OpenAPI description."""

from typing import Any

from heroesite.api.openapi.examples import PROBLEM

VERSION = {
    "type": "integer",
    "minimum": 0,
    "description": "The version that you read. If the record has changed since, the response is 409.",
}
RECORD_KEY = {
    "type": "object",
    "description": "Identifies a record and, optionally, its version.",
    "required": ["id"],
    "properties": {"id": {"type": "integer", "minimum": 0}, "version": VERSION},
}
DRY_RUN = {
    "type": "object",
    "description": "The result of a dry run. Nothing has been changed.",
    "required": ["dry_run", "status", "body", "change_count", "changes"],
    "properties": {
        "dry_run": {"type": "boolean", "const": True},
        "status": {"type": "integer", "description": "The status that the response would have."},
        "body": {
            "type": ["object", "null"],
            "description": "The body that the response would have, without restricted values. The id of a"
            " record that would be created is null.",
        },
        "change_count": {"type": "integer"},
        "changes": {
            "type": "array",
            "description": "The changes that would be made, at most 1,000.",
            "items": {
                "type": "object",
                "required": ["kind", "id", "name", "action"],
                "properties": {
                    "kind": {"type": "string"},
                    "id": {"type": ["integer", "null"]},
                    "name": {"type": "string"},
                    "action": {"type": "string", "enum": ["created", "changed", "deleted", "restored"]},
                },
            },
        },
    },
}


def add_schemas(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add the shared schemas, and disallow unknown members in request bodies."""
    schemas = result["components"]["schemas"]
    schemas |= {"Problem": PROBLEM, "DryRun": DRY_RUN, "RecordRequest": RECORD_KEY}
    for name, schema in [*schemas.items()]:
        if name.startswith("Patched"):
            schema["properties"]["version"] = VERSION
            with_id = {**RECORD_KEY, **schema, "required": RECORD_KEY["required"]}
            with_id["properties"] = RECORD_KEY["properties"] | schema["properties"]
            schemas[name.replace("Request", "WithIdRequest")] = with_id
    for name, schema in schemas.items():
        if name.endswith("Request"):
            schema["additionalProperties"] = False
    for operations in result["paths"].values():
        for operation in operations.values():
            if any(parameter["name"] == "fields" for parameter in operation.get("parameters", [])):
                add_sparse_schema(operation["responses"]["200"]["content"]["application/json"], schemas)
    return result


def add_sparse_schema(content: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Allow fewer or more members in a response, by ``fields``, ``omit``, ``expand`` or ``as_of``."""
    parent, member = content, "schema"
    whole = schema_name(content["schema"])
    if whole.startswith("Paginated"):
        parent, member = schemas[whole]["properties"]["results"], "items"
    row = parent[member]
    name = schema_name(row).removesuffix("Row")
    optional = {key: value for key, value in schemas[name].items() if key != "required"}
    schemas[f"SomeOf{name}"] = optional | {
        "minProperties": 1,
        "description": "The members that were requested.",
    }
    parent[member] = {"anyOf": [row, {"$ref": f"#/components/schemas/SomeOf{name}"}]}


def schema_name(reference: dict[str, Any]) -> str:
    """Return the name of the schema that a reference points to."""
    return str(reference["$ref"].rsplit("/", 1)[1])
