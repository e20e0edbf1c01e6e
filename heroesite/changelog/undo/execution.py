"""Undo a change set in one transaction."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from heroesite.changelog.undo.locked_records import LockedRecords, Model
from heroesite.changelog.undo.reversals import BATCH, Reversal, find_reversals
from heroesite.records.audit.change_sets import ChangeSet, atomic_change_set, current_change_set_id
from heroesite.records.models.base import Record
from heroesite.records.models.querysets import batched
from heroesite.records.permissions import is_allowed
from heroesite.records.registry import get_record_type


@dataclass
class UndoResult:
    """What an undo did, or would do.

    Args:
        effects: a sentence for each effect on other records.
        change_set: the id of the undo's own change set, or None if it changed nothing.
    """

    done: list[Reversal] = field(default_factory=list)
    skipped: list[Reversal] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    change_set: int | None = None

    @property
    def done_count(self) -> int:
        return len(self.done)

    @property
    def skipped_count(self) -> int:
        return len(self.skipped)


def undo(change_set: ChangeSet, user: Any, models: Sequence[Model], *, anyway: bool = False) -> UndoResult:
    """Undo ``change_set`` as far as possible. The undo is a change set itself, so it can be undone too.

    Args:
        models: all record types.
        anyway: undo records that have since been changed too; later changes of other fields are kept.

    Raises:
        PermissionDenied: ``user`` doesn't have the permissions for all of it.
    """
    records = LockedRecords()
    with atomic_change_set():
        reversals: list[Reversal] = []
        for model in models:
            entries = model.history.filter(change_set=change_set).order_by("id", "version")
            reversals += find_reversals(model, entries, records, anyway=anyway)
        for model, action in {(one.model, one.action) for one in reversals if not one.skipped}:
            if not is_allowed(user, action, model):
                raise PermissionDenied
        result = execute(reversals, models, records, anyway=anyway)
        result.change_set = current_change_set_id() if result.done else None
    return result


def execute(
    reversals: Iterable[Reversal], models: Sequence[Model], records: LockedRecords, *, anyway: bool
) -> UndoResult:
    """Run reversals until none of the remaining ones is possible.

    Args:
        records: how records are read and written.
    """
    result = UndoResult()
    pending: list[Reversal] = []
    for reversal in reversals:
        (result.skipped if reversal.skipped else pending).append(reversal)
    by_depth = sorted(models, key=lambda model: get_record_type(model).link_depth)
    while pending:
        done = [*run_round(pending, by_depth, records, result.effects, anyway=anyway)]
        if not done:
            break
        result.done += done
        ids = {id(reversal) for reversal in done}
        pending = [reversal for reversal in pending if id(reversal) not in ids]
    result.skipped += pending
    return result


def run_round(
    pending: Sequence[Reversal],
    by_depth: Sequence[Model],
    records: LockedRecords,
    effects: list[str],
    *,
    anyway: bool,
) -> Iterator[Reversal]:
    """Run the reversals that are possible now. They can make others possible in the next round.

    Yields:
        those carried out; the others are marked with why they are skipped.
    """

    def batches(model: Model, action: str) -> Iterator[Sequence[Reversal]]:
        chosen = [one for one in pending if (one.model, one.action) == (model, action)]
        return batched(chosen, BATCH)

    for model in by_depth:
        for action in ("add", "change"):
            for batch in batches(model, action):
                yield from restore_values(model, batch, records)
    for model in reversed(by_depth):
        for batch in batches(model, "delete"):
            if not anyway:
                skip_linked(model, batch, records)
            possible = [reversal for reversal in batch if not reversal.skipped]
            effects += records.delete(model, [reversal.pk for reversal in possible])
            yield from possible


def skip_linked(model: Model, batch: Sequence[Reversal], records: LockedRecords) -> None:
    """Mark the reversals that would delete a record to which others link."""
    counts = records.count_links(model, [reversal.pk for reversal in batch])
    for reversal in batch:
        count = counts[reversal.pk]
        message = ngettext("Another record links to it.", "%(count)d other records link to it.", count)
        reversal.skipped = message % {"count": count} if count else ""


def restore_values(model: Model, batch: Sequence[Reversal], records: LockedRecords) -> Iterator[Reversal]:
    """Restore deleted records, or earlier values, where the rules of the model allow it.

    Yields:
        the reversals carried out.
    """
    stored = records.get(model, [reversal.pk for reversal in batch if reversal.action == "change"])
    changed: dict[int, Record] = {}
    for reversal in batch:
        if record := changed_record(reversal, stored.get(reversal.pk)):
            changed[reversal.pk] = record
    possible = [reversal for reversal in batch if reversal.pk in changed]
    skip_invalid(model, possible, changed, records)
    possible = [reversal for reversal in possible if not reversal.skipped]
    for guarded in (False, True):
        # If it was changed between, whether the secret values differ must not be revealed by the history.
        restored = [
            changed[reversal.pk]
            for reversal in possible
            if reversal.action == "add" and guarded == (reversal.version > reversal.before.version + 1)
        ]
        records.create(model, restored, blind_fields=model.RESTRICTED if guarded else ())
    by_fields: dict[frozenset[str], list[Record]] = defaultdict(list)
    for reversal in possible:
        if reversal.action == "change":
            by_fields[reversal.fields].append(changed[reversal.pk])
    for fields, alike in by_fields.items():
        records.change(model, alike, fields, blind_fields=fields & set(model.RESTRICTED))
    yield from possible


def changed_record(reversal: Reversal, stored: Any) -> Any:
    """Return the record as the reversal leaves it, or None if there is nothing to change."""
    if reversal.action == "add":
        record = reversal.before.instance
        record.version = reversal.version + 1
        return record
    if stored is None:
        reversal.skipped = _("Has since been deleted.")
        return None
    attnames = [*map(reversal.model.attname, reversal.fields)]
    # Whether a restricted value differs must not be revealed, so it always counts as a change.
    is_restricted = not reversal.fields.isdisjoint(reversal.model.RESTRICTED)
    if not is_restricted and all(getattr(stored, at) == getattr(reversal.before, at) for at in attnames):
        reversal.skipped = _("Already has these values.")
        return None
    for attname in attnames:
        setattr(stored, attname, getattr(reversal.before, attname))
    return stored


def skip_invalid(
    model: Model, batch: Iterable[Reversal], changed: dict[int, Any], records: LockedRecords
) -> None:
    """Mark the reversals that the rules of the model forbid with the reason, and clear the mark of others."""
    invalid: dict[int, list[str]] = defaultdict(list)
    for pk, name in records.find_errors(model, changed):
        invalid[pk].append(name)
    for reversal in batch:
        record = changed[reversal.pk]
        reversal.skipped = ""
        try:
            record.clean_fields(exclude=model.link_names())
        except ValidationError as error:
            reversal.skipped = " ".join(error.messages)
        if "name" in invalid[reversal.pk]:
            reversal.skipped = _("The name “%(name)s” is already in use.") % {"name": record.name}
        elif missing := invalid[reversal.pk]:
            labels = ", ".join(map(model.label, missing))
            reversal.skipped = _("The linked record no longer exists: %(fields)s.") % {"fields": labels}
