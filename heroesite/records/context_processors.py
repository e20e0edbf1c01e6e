"""The context processor that adds the record types to every template."""

from django.http import HttpRequest

from .registry import RecordType
from .registry import record_types as registered_types


def record_types(request: HttpRequest) -> dict[str, tuple[RecordType, ...]]:
    """Return the registered record types, for the navigation."""
    return {"record_types": tuple(registered_types())}
