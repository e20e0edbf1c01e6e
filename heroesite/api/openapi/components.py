"""The schemas that many operations share in the OpenAPI description, and those made out of others."""

from typing import Any

from heroesite.api.openapi.examples import PROBLEM

GUARDS = {
    "type": "object",
    "description": "Which record is meant, and as it was seen when.",
    "required": ["id"],
    "properties": {
        "id": {"type": "integer", "minimum": 0},
        "version": {
            "type": "integer",
            "minimum": 0,
            "description": "As it was read: 409 where it has been changed since.",
        },
    },
}

REHEARSAL = {
    "type": "object",
    "description": "What a write would answer and change, which was taken back.",
    "required": ["dry_run", "status", "body", "change_count", "changes"],
    "properties": {
        "dry_run": {"type": "boolean", "const": True},
        "status": {"type": "integer", "description": "The status that it would be answered with."},
        "body": {
            "type": ["object", "null"],
            "description": "The body that it would be answered with, without restricted values; the id of"
            " what would be created is null.",
        },
        "change_count": {"type": "integer"},
        "changes": {
            "type": "array",
            "description": "All that would be written, the first 1,000.",
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
    """Add the shapes that many operations share, and that a body has no member that is unknown."""
    schemas = result["components"]["schemas"]
    schemas |= {"Problem": PROBLEM, "Rehearsal": REHEARSAL, "RecordRequest": GUARDS}
    for name, schema in [*schemas.items()]:
        if name.startswith("Patched"):
            guarded = {**GUARDS, **schema, "required": GUARDS["required"]}
            guarded["properties"] = GUARDS["properties"] | schema["properties"]
            schemas[name.replace("Request", "WithIdRequest")] = guarded
    for name, schema in schemas.items():
        if name.endswith("Request"):
            schema["additionalProperties"] = False
    for operations in result["paths"].values():
        for operation in operations.values():
            if any(parameter["name"] == "fields" for parameter in operation.get("parameters", [])):
                add_narrowed(operation["responses"]["200"]["content"]["application/json"], schemas)
    return result


def add_narrowed(answer: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Say that a record in an answer may be narrowed by ``fields``, ``omit`` or ``as_of``, or widened."""
    holder, member = answer, "schema"
    whole = named(answer["schema"])
    if whole.startswith("Paginated"):
        holder, member = schemas[whole]["properties"]["results"], "items"
    row = holder[member]
    one = named(row).removesuffix("Row")
    some = {name: value for name, value in schemas[one].items() if name != "required"}
    schemas[f"SomeOf{one}"] = some | {
        "minProperties": 1,
        "description": "With the members that were asked for.",
    }
    holder[member] = {"anyOf": [row, {"$ref": f"#/components/schemas/SomeOf{one}"}]}


def named(reference: dict[str, Any]) -> str:
    """The name of the schema that a reference leads to."""
    return str(reference["$ref"].rsplit("/", 1)[1])
