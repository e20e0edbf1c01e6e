"""The parameters and headers that many operations share in the OpenAPI description."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

AS_OF = OpenApiParameter(
    "as_of",
    OpenApiTypes.DATETIME,
    description="Return the record as it was at this time, without linked records. UTC unless the value has"
    " an offset.",
)
DRY_RUN = OpenApiParameter(
    "dry_run",
    {"type": "boolean", "default": False},
    description="Validate the request and describe its effects without making any changes.",
)
ETAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    description="The version of the record and a digest of the response. Send it in If-Match to update this"
    " version only.",
    response=[200, 201],
)
IF_MATCH, REQUIRED_IF_MATCH = (
    OpenApiParameter(
        "If-Match",
        str,
        OpenApiParameter.HEADER,
        required=required,
        description="The ETag of the record as you read it, or * for any version. If the record has changed"
        " since, the response is 412.",
    )
    for required in (False, True)
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="An ETag from an earlier response. If it is current, the response is 304 without a body.",
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="A unique value that you generate, such as a UUID. If you retry the same request with the"
    " same key, it isn't repeated: you get the original response, with Idempotency-Replayed: true.",
)
IDEMPOTENCY_REPLAYED = OpenApiParameter(
    "Idempotency-Replayed",
    {"type": "string", "const": "true"},
    OpenApiParameter.HEADER,
    description="Set to true if this is the response to an earlier request with the same Idempotency-Key.",
    response=[200, 201],
)


def id_parameter(name: str = "id") -> OpenApiParameter:
    return OpenApiParameter(name, int, OpenApiParameter.PATH)


def list_parameter(items: dict[str, Any], description: str) -> dict[str, Any]:
    """Return the members of a query parameter that is a list.

    Generated clients repeat such a parameter; people separate the values with commas.

    Args:
        items: the schema of one value.
    """
    return {
        "schema": {"type": "array", "items": items},
        "style": "form",
        "explode": True,
        "description": f"{description}. Repeat the parameter, or separate values with commas.",
    }


def sparse_fields_parameters(members: list[str]) -> list[OpenApiParameter]:
    """Return ``fields`` and ``omit`` of an operation that returns one record with these members."""
    descriptions = {"fields": "Return only these members", "omit": "Leave out these members"}
    parameters = []
    for name, text in descriptions.items():
        described = list_parameter({"type": "string", "enum": members}, text)
        schema = described.pop("schema")
        parameters.append(OpenApiParameter(name, schema, **described))
    return parameters
