"""What undoing a change set means for each of its records."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from heroesite.changelog.undo.locked_records import LockedRecords, Model
from heroesite.records.audit.entries import Entry
from heroesite.records.audit.recording import changed_fields
from heroesite.records.models.querysets import batched

BATCH = 5_000
"""Records read or written in one statement: fewer than the parameters that a database accepts."""


@dataclass
class Reversal:
    """What undoing means for one record.

    Args:
        action: the permission that it requires: ``"add"`` restores the record, ``"change"`` sets ``fields``
            to their values in ``before``, ``"delete"`` deletes it.
        version: the current version of the record, or its last one.
        before: the last entry before the change set, or None.
        skipped: why the record is skipped, or an empty string.
    """

    model: Model
    pk: int
    name: str
    action: str
    version: int
    before: Any = None
    fields: frozenset[str] = frozenset()
    skipped: str = ""


def find_reversals(
    model: Model, entries: Iterable[Any], records: LockedRecords, *, anyway: bool
) -> Iterator[Reversal]:
    """Yield the reversal of each record, except those that the change set left unchanged.

    Args:
        entries: those of the change set, ordered by record and version.
        records: how stored records are read.
        anyway: whether records that have since been changed are undone too.
    """
    grouped: dict[int, list[Any]] = defaultdict(list)
    for entry in entries:
        grouped[entry.id].append(entry)
    for keys in batched(list(grouped), BATCH):
        previous = model.entries_at({(pk, grouped[pk][0].version - 1) for pk in keys})
        existing = records.existing(model, keys)
        latest = model.history.filter(id__in=keys).order_by().values("id").annotate(latest=Max("version"))
        versions = dict(latest.values_list("id", "latest"))
        for pk in keys:
            before = previous.get((pk, grouped[pk][0].version - 1))
            reversal = reversal_of(model, before, grouped[pk], versions[pk], exists=pk in existing)
            if reversal is None:
                continue
            if not (reversal.skipped or anyway or versions[pk] == grouped[pk][-1].version):
                reversal.skipped = _("Has since been changed.")
            yield reversal


def reversal_of(
    model: Model, before: Any, entries: list[Any], version: int, *, exists: bool
) -> Reversal | None:
    """Return the reversal of one record, or None if the change set left it unchanged.

    Args:
        before: the last entry before the change set, or None if the change set created the record.
        entries: those of the change set, in order.
        version: the last version of the record.
        exists: whether the record is stored now.
    """
    first, last = entries[0], entries[-1]
    existed_before = before is not None and before.history_type != Entry.DELETED
    existed_after = last.history_type != Entry.DELETED
    if not (existed_before or existed_after):
        return None
    fields: set[str] = set()
    action = "delete" if existed_after else "add"
    if existed_before and existed_after:
        action = "change"
        for one, next_one in pairwise([before, *entries]):
            fields |= changed_fields(model, one, next_one)
    reversal = Reversal(model, last.id, last.name, action, version, before, frozenset(fields))
    if before is None and first.history_type != Entry.CREATED:
        reversal.skipped = _("Existed before history was recorded.")
    elif action == "add" and exists:
        reversal.skipped = _("Has already been restored.")
    elif action != "add" and not exists:
        reversal.skipped = _("Has since been deleted.")
    elif erased := set(before.erased if before else ()) & (fields or set(model.FIELDS)):
        labels = ", ".join(model.label(name) for name in sorted(erased))
        message = _("The previous value of %(fields)s has been erased from the history.")
        reversal.skipped = message % {"fields": labels}
    return reversal
