"""Merge two edits of one record; if both changed a field, the user chooses."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.audit.recording import changed_fields
from heroesite.records.models.base import Record

VERSION_LIMIT = 100
"""Versions that a merge reads, whatever version the form was opened at."""


@dataclass(frozen=True)
class MergeField:
    """A field that someone else changed after a form was opened.

    Args:
        original: the value when the form was opened.
        stored: the stored value.
        submitted: the value in the form. None of the three is set for a restricted field.
        has_original: whether the record had the version that the form was opened at.
        change_set: the one that changed the field last, or None if that isn't known.
        is_changed: whether the form has a different value from ``original``.
        is_conflict: whether both sides changed it, to different values, so that the user has to choose.
    """

    name: str
    label: str
    original: Any
    stored: Any
    submitted: Any
    has_original: bool
    change_set: ChangeSet | None
    is_changed: bool
    is_conflict: bool
    is_restricted: bool


def merge(record: Record, seen: int | None, submitted: Mapping[str, Any]) -> list[MergeField]:
    """Compare the changes to ``record`` since version ``seen`` with the values in a form.

    Args:
        record: the stored record.
        seen: the version that the form was opened at. If the record never had it, every value that differs
            from ``submitted`` counts as changed.
        submitted: the values of the fields that were filled in; a restricted one only if something was
            entered.

    Returns:
        the fields that others changed.
    """
    entry = record.history.filter(version=seen or 0).first()
    if entry is None:
        compared = (
            compare(record, name, None, submitted, None) for name in record.FIELDS if name in submitted
        )
        return [field for field in compared if field.is_conflict]
    original, changed = entry.instance, last_changes(record, entry)
    return [
        compare(record, name, original, submitted, changed[name]) for name in record.FIELDS if name in changed
    ]


def last_changes(record: Record, since: Any) -> dict[str, ChangeSet | None]:
    """Return for each field that was changed after an entry the change set that did so last.

    Only the last versions are read. A field that was changed only before them has None for its change set,
    and is left out if it has its former value again; a restricted field is included in any case, since
    whether it has its former value must not be revealed.

    Args:
        since: the entry.
    """
    first = max(since.version, record.version - VERSION_LIMIT)
    entries = list(record.history.filter(version__gte=first).order_by("version"))
    model = type(record)
    changed: dict[str, int] = {}
    for before, after in pairwise(entries):
        changed.update(dict.fromkeys(changed_fields(model, before, after), after.change_set_id))
    change_sets = ChangeSet.objects.in_bulk(set(changed.values()))
    found: dict[str, ChangeSet | None] = {name: change_sets[pk] for name, pk in changed.items()}
    if first > since.version:
        earlier = changed_fields(model, since, entries[0]) | set(record.RESTRICTED)
        found = dict.fromkeys(earlier) | found
    return found


def compare(
    record: Record,
    name: str,
    original: Record | None,
    submitted: Mapping[str, Any],
    change_set: ChangeSet | None,
) -> MergeField:
    """Compare one field.

    Args:
        original: the record at the version that the form was opened at, or None if it never had it.
    """
    is_restricted, is_changed = name in record.RESTRICTED, name in submitted
    is_conflict = is_changed
    values = (None, None, None)
    if not is_restricted:
        attname = record.attname(name)
        value = submitted.get(name)
        stored, entered = getattr(record, attname), getattr(value, "pk", value)
        is_changed = is_changed and (original is None or entered != getattr(original, attname))
        is_conflict = is_changed and entered != stored
        values = (get_value(original, name) if original else None, getattr(record, name), value)
    return MergeField(
        name,
        record.label(name),
        *values,
        has_original=original is not None,
        change_set=change_set,
        is_changed=is_changed,
        is_conflict=is_conflict,
        is_restricted=is_restricted,
    )


def get_value(record: Record, name: str) -> Any:
    """Return the value of a field, or None for a link to a record that has since been deleted."""
    try:
        return getattr(record, name)
    except record._meta.get_field(name).related_model.DoesNotExist:
        return None
