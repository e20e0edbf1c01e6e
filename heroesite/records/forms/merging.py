"""Merge two edits of one record; where both changed a field, the user chooses."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.audit.recording import changed_fields
from heroesite.records.models.base import Record


@dataclass(frozen=True)
class Choice:
    """A field that somebody else changed since a form was opened.

    Args:
        was, theirs, yours: the value when the form was opened, the stored one and the one in the form;
            none of them of a restricted field, which is not shown.
        by: the change set of their last change to it, if it is known.
        open: whether both sides changed it, so that somebody has to choose.
    """

    name: str
    label: str
    was: Any
    theirs: Any
    yours: Any
    by: ChangeSet | None
    open: bool
    restricted: bool


def merge(record: Record, seen: int | None, yours: Mapping[str, Any]) -> list[Choice]:
    """What was changed in ``record`` since version ``seen``, against ``yours``.

    Args:
        record: as it is stored.
        seen: where the record never had that version, all that differs from ``yours`` counts as changed.
        yours: the values of the fields that were filled in; a restricted one only where it was typed.

    Returns:
        a choice for each field that others changed.
    """
    since = record.history.filter(version__gte=seen or 0)
    entries = list(since.select_related("change_set").order_by("version"))
    if not entries or entries[0].version != seen:
        compared = (choice(record, name, None, yours, None) for name in record.FIELDS if name in yours)
        return [found for found in compared if found.open]
    by: dict[str, ChangeSet] = {}
    for before, after in pairwise(entries):
        by.update(dict.fromkeys(changed_fields(type(record), before, after), after.change_set))
    was = entries[0].instance
    return [choice(record, name, was, yours, by[name]) for name in record.FIELDS if name in by]


def choice(
    record: Record, name: str, was: Record | None, yours: Mapping[str, Any], by: ChangeSet | None
) -> Choice:
    label, restricted = record.label(name), name in record.RESTRICTED
    if restricted:
        return Choice(name, label, None, None, None, by, open=name in yours, restricted=True)
    attname = record.attname(name)
    mine = getattr(yours.get(name), "pk", yours.get(name))
    known = {getattr(one, attname) for one in (was, record) if one}
    differs = name in yours and mine not in known
    before = named(was, name) if was else None
    return Choice(name, label, before, getattr(record, name), yours.get(name), by, differs, restricted=False)


def named(record: Record, name: str) -> Any:
    """The value of a field; of a link whose record has gone, nothing."""
    try:
        return getattr(record, name)
    except record._meta.get_field(name).related_model.DoesNotExist:  # type: ignore[union-attr]
        return None
