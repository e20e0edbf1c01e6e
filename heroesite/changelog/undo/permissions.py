"""Which permissions an undo requires, counted in the database without loading records."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
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
REVERSED_ALONE = {
    Action.CREATED: "delete",
    Action.RESTORED: "delete",
    Action.CHANGED: "change",
    Action.DELETED: "add",
}
"""The same if a change set did nothing else to the record."""


def count_actions(change_set: ChangeSet, models: Sequence[Model]) -> Counter[tuple[Model, str]]:
    """Return how many records of each model an undo would ``"add"``, ``"change"`` or ``"delete"``.

    It takes one query per model. Records that an undo would skip are included.
    """
    counts: Counter[tuple[Model, str]] = Counter()
    for model in models:
        by_record = model.history.filter(change_set=change_set).order_by().values("id")
        by_record = by_record.annotate(
            first=Min("version"),
            last=Max("version"),
            created=Min("version", filter=Q(history_type=Entry.CREATED)),
            deleted=Max("version", filter=Q(history_type=Entry.DELETED)),
        )
        actions = {action: Count("id", filter=condition) for action, condition in REVERSED.items()}
        counts.update({(model, action): n for action, n in by_record.aggregate(**actions).items()})
    return +counts


def find_actions(change_set: ChangeSet, models: Sequence[Model]) -> list[tuple[Model, str]]:
    """Return the actions of :func:`count_actions`, from the tallies of the change set if possible."""
    by_model: defaultdict[Model, set[str]] = defaultdict(set)
    for tally in tallies([change_set])[change_set.pk]:
        by_model[tally.model].add(REVERSED_ALONE[tally.action])
    found: list[tuple[Model, str]] = []
    for model in models:
        actions = by_model[model]
        if len(actions) > 1:  # it may have created a record and deleted it again
            found += count_actions(change_set, [model])
        else:
            found += [(model, action) for action in actions]
    return found


def check_permission(user: Any, actions: Iterable[tuple[Model, str]]) -> None:
    """Check that ``user`` has every permission that an undo requires.

    Args:
        actions: those of :func:`find_actions` or :func:`count_actions`.

    Raises:
        PermissionDenied: a permission is missing.
    """
    for model, action in actions:
        if not is_allowed(user, action, model):
            raise PermissionDenied(permission_message(action, model))
