"""Which permissions an undo requires, counted without loading records."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Max, Min, Q

from heroesite.changelog.steps import tallies
from heroesite.changelog.undo.locked_records import Model
from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.audit.entries import Action, Entry
from heroesite.records.permissions import is_allowed, permission_message

EXISTED_BEFORE = Q(created=None) | Q(created__gt=F("first"))
EXISTED_AFTER = Q(deleted=None) | Q(deleted__lt=F("last"))
CREATED, DELETED = Q(created=F("first")), Q(deleted=F("last"))
REVERSED = {
    "add": EXISTED_BEFORE & DELETED,
    "change": EXISTED_BEFORE & EXISTED_AFTER,
    "delete": CREATED & EXISTED_AFTER,
}
"""The action that undoes what a change set did to a record."""
REVERSED_ALONE = {Action.CREATED: "delete", Action.RESTORED: "delete", Action.DELETED: "add"}
"""The same for an entry that is the only one of its record in the change set."""


def count_actions(change_set: ChangeSet, models: Sequence[Model]) -> Counter[tuple[Model, str]]:
    """Return how many records of each model an undo would ``"add"``, ``"change"`` or ``"delete"``.

    It takes a query per model, except for those whose records were only created or only deleted. Records that
    an undo would skip are included.
    """
    counts: Counter[tuple[Model, str]] = Counter()
    entries: defaultdict[Model, Counter[str]] = defaultdict(Counter)
    for tally in tallies([change_set])[change_set.pk]:
        entries[tally.model][REVERSED_ALONE.get(tally.action, "unknown")] += tally.count
    for model in models:
        by_action = entries[model]
        if set(by_action) in ({"add"}, {"delete"}):  # so no record has two entries
            counts.update({(model, action): count for action, count in by_action.items()})
        elif by_action:
            counts.update(count_actions_by_record(change_set, model))
    return +counts


def count_actions_by_record(change_set: ChangeSet, model: Model) -> dict[tuple[Model, str], int]:
    """Return how many records of a model an undo would add, change or delete, in one query."""
    by_record = model.history.filter(change_set=change_set).order_by().values("id")
    by_record = by_record.annotate(
        first=Min("version"),
        last=Max("version"),
        created=Min("version", filter=Q(history_type=Entry.CREATED)),
        deleted=Max("version", filter=Q(history_type=Entry.DELETED)),
    )
    actions = {action: Count("id", filter=condition) for action, condition in REVERSED.items()}
    return {(model, action): count for action, count in by_record.aggregate(**actions).items()}


def check_permission(user: Any, counts: Counter[tuple[Model, str]]) -> None:
    """Check that ``user`` has every permission that an undo requires.

    Args:
        counts: those of :func:`count_actions`.

    Raises:
        PermissionDenied: a permission is missing.
    """
    for model, action in counts:
        if not is_allowed(user, action, model):
            raise PermissionDenied(permission_message(action, model))
