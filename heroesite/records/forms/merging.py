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
class Choice:
    """A field that someone else changed after a form was opened.

    Args:
        was: the value when the form was opened.
        theirs: the stored value.
        yours: the value in the form. None of the three is set for a restricted field.
        known: whether the record had the version that the form was opened at.
        by: the change set that changed the field last, or None if that isn't known.
        open: whether both sides changed it, so that the user has to choose.
    """

    name: str
    label: str
    was: Any
    theirs: Any
    yours: Any
    known: bool
    by: ChangeSet | None
    open: bool
    restricted: bool


def merge(record: Record, seen: int | None, yours: Mapping[str, Any]) -> list[Choice]:
    """Compare the changes to ``record`` since version ``seen`` with the values in a form.

    Args:
        record: the stored record.
        seen: the version that the form was opened at. If the record never had it, every value that differs
            from ``yours`` counts as changed.
        yours: the values of the fields that were filled in; a restricted one only if something was entered.

    Returns:
        a choice for each field that others changed.
    """
    entry = record.history.filter(version=seen or 0).first()
    if entry is None:
        compared = (compare(record, name, None, yours, None) for name in record.FIELDS if name in yours)
        return [found for found in compared if found.open]
    before, changed = entry.instance, last_changes(record, entry)
    return [compare(record, name, before, yours, changed[name]) for name in record.FIELDS if name in changed]


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
    record: Record, name: str, was: Record | None, yours: Mapping[str, Any], by: ChangeSet | None
) -> Choice:
    """Return the choice for one field.

    Args:
        was: the record at the version that the form was opened at, or None if it never had it.
    """
    label, restricted, is_known = record.label(name), name in record.RESTRICTED, was is not None
    if restricted:
        return Choice(name, label, None, None, None, is_known, by, open=name in yours, restricted=True)
    attname = record.attname(name)
    mine = getattr(yours.get(name), "pk", yours.get(name))
    known = {getattr(one, attname) for one in (was, record) if one}
    differs = name in yours and mine not in known
    before, theirs = get_value(was, name) if was else None, getattr(record, name)
    return Choice(name, label, before, theirs, yours.get(name), is_known, by, differs, restricted=False)


def get_value(record: Record, name: str) -> Any:
    """Return the value of a field, or None for a link to a record that has since been deleted."""
    try:
        return getattr(record, name)
    except record._meta.get_field(name).related_model.DoesNotExist:  # type: ignore[union-attr]
        return None
