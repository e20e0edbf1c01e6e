"""Preview an undo without locks, and without loading more than a fixed number of entries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet

from heroesite.changelog.undo.execution import UndoResult, execute
from heroesite.changelog.undo.locked_records import Model
from heroesite.changelog.undo.permissions import check_permission, count_actions
from heroesite.changelog.undo.reversals import find_reversals
from heroesite.changelog.undo.simulated_records import SimulatedRecords
from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.audit.entries import Entry

ENTRY_LIMIT = 1_000
"""Entries of a model that a preview loads at once."""
LATER_LIMIT = 100
"""Records of a model that a preview loads because they have since been changed."""


@dataclass
class UndoPreview(UndoResult):
    """What an undo would do.

    Args:
        total: records that the change set changed.
        checked: how many of them were checked completely; the others only for later changes, unless these
            are undone too.
        later_count: how many of the others have since been changed, so that the undo would skip them.
    """

    total: int = 0
    checked: int = 0
    later_count: int = 0

    @property
    def done_count(self) -> int:
        return self.total - self.skipped_count

    @property
    def skipped_count(self) -> int:
        return len(self.skipped) + self.later_count

    @property
    def is_partial(self) -> bool:
        return self.checked < self.total


def preview_undo(
    change_set: ChangeSet, user: Any, models: Sequence[Model], *, anyway: bool = False
) -> UndoPreview:
    """Return what :func:`~heroesite.changelog.undo.execution.undo` would do, with the same arguments.

    It reads without a transaction, so writes during the preview may be considered only in part.

    Raises:
        PermissionDenied: ``user`` doesn't have the permissions for all of it.
    """
    counts = count_actions(change_set, models)
    check_permission(user, counts)
    checked: dict[Model, list[Any]] = {}
    unchecked: dict[Model, QuerySet[Any, Any]] = {}
    later_count = 0
    for model in models:
        entries = model.history.filter(change_set=change_set).order_by("id", "version")
        checked[model], rest = load_first(entries)
        if rest is not None and not anyway:
            later = changed_since(rest, change_set)
            keys = [*later.values_list("id", flat=True)[:LATER_LIMIT]]
            loaded, _rest = load_first(rest.filter(id__in=keys))
            keys = [*{entry.id for entry in loaded}]
            checked[model] += loaded
            later_count += later.exclude(id__in=keys).count()
            rest = rest.exclude(id__in=keys)
        if rest is not None:
            unchecked[model] = rest.order_by().values("id")
    records = SimulatedRecords(unchecked)
    reversals = [
        reversal
        for model in models
        for reversal in find_reversals(model, checked[model], records, anyway=anyway)
    ]
    result = execute(reversals, models, records, anyway=anyway)
    return UndoPreview(
        result.done,
        result.skipped,
        result.effects,
        total=counts.total(),
        checked=len(reversals),
        later_count=later_count,
    )


def load_first(entries: QuerySet[Any]) -> tuple[list[Any], QuerySet[Any] | None]:
    """Load all entries of the first records, up to a limit.

    Args:
        entries: ordered by record and version.

    Returns:
        the entries that were loaded, and those of the other records, or None if there are none.
    """
    loaded = list(entries[: ENTRY_LIMIT + 1])
    if len(loaded) <= ENTRY_LIMIT:
        return loaded, None
    next_id = loaded[-1].id
    return [entry for entry in loaded if entry.id != next_id], entries.filter(id__gte=next_id)


def changed_since(entries: QuerySet[Any], change_set: ChangeSet) -> QuerySet[Any]:
    """Return the last of the entries of each record that was changed after it.

    Args:
        entries: some of ``change_set``. Records that it created and deleted again are left out.
    """
    history = entries.model.objects.filter(id=OuterRef("id"))
    # Adding 0 keeps the index on the change set out of the subqueries. A planner without current statistics,
    # as right after an import, would use it and read the whole change set for each record.
    same = history.alias(of=F("change_set_id") + 0).filter(of=change_set.pk)
    later = Exists(same.filter(version__gt=OuterRef("version")))
    earlier = Exists(same.filter(version__lt=OuterRef("version")))
    creation = Exists(same.filter(~earlier, history_type=Entry.CREATED))
    next_version = Exists(history.filter(version=OuterRef("version") + 1))
    return entries.filter(next_version, ~later).exclude(creation, history_type=Entry.DELETED)
