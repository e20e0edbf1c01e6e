"""Examples of changes in the API description, made from the examples of the record types."""

from typing import Any

from heroesite.api.openapi.examples import AUTOMATIC
from heroesite.records.registry import RecordType, record_types

CONTEXT = {"at": AUTOMATIC["updated_at"], "source": "website", "user": "editor", "token": None}
"""When, how and by whom a change was made."""


def first_record_type() -> RecordType:
    """Return the record type that examples of any type are of."""
    return record_types()[0]


def record(record_type: RecordType, *, restricted: bool = True) -> dict[str, Any]:
    """Return a record after a change.

    Args:
        restricted: whether it has the restricted values.
    """
    hidden = () if restricted else record_type.model.RESTRICTED
    members = {name: value for name, value in record_type.example.items() if name not in hidden}
    return {"id": 1, **members, **AUTOMATIC, "version": 2}


def changes(record_type: RecordType) -> dict[str, Any]:
    """Return the changes of the last field in the example and of the restricted fields."""
    model, example = record_type.model, record_type.example
    name = [name for name in model.FIELDS if name in example and name not in model.RESTRICTED][-1]
    after = example[name]
    before = after - 1 if isinstance(after, int) else f"{after} I"
    restricted = {field: {"changed": True} for field in model.RESTRICTED}
    return {name: {"before": before, "after": after}, **restricted}


def key(record_type: RecordType) -> dict[str, Any]:
    return {"kind": record_type.basename, "id": 1}


def entry(record_type: RecordType) -> dict[str, Any]:
    """Return an entry of the history of a record."""
    described = {"version": 2, "name": record_type.example["name"], "action": "changed"}
    return {**described, "changes": changes(record_type)}


def change_set() -> dict[str, Any]:
    """Return a change set in a list."""
    counts = [{"kind": first_record_type().basename, "action": "changed", "count": 1}]
    return {"id": 7, **CONTEXT, "note": "", "undoes": None, "undone_by": [], "counts": counts}


def change_set_detail() -> dict[str, Any]:
    """Return a change set with its entries."""
    results = [{**entry(first_record_type()), **key(first_record_type())}]
    page = {"count": 1, "count_is_exact": True, "next": None, "previous": None, "results": results}
    return {**change_set(), "entries": page}


def page_of_feed() -> dict[str, Any]:
    """Return a response of the feed."""
    described = {**key(first_record_type()), "version": 2, "action": "changed", **CONTEXT, "change_set": 7}
    return {
        "after": "eyJ",
        "next": "http://127.0.0.1:8000/api/v1/changes/?after=eyJ",
        "caught_up": True,
        "results": [{**described, "record": record(first_record_type())}],
    }


def undo_result() -> dict[str, Any]:
    """Return the response to an undo."""
    name = first_record_type().example["name"]
    done = [{**key(first_record_type()), "name": name, "action": "change", "skipped": ""}]
    counts = {"done_count": 1, "skipped_count": 0}
    return {"change_set": 8, **counts, "done": done, "also": [], "skipped": []}
