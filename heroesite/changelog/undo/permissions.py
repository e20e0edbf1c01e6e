"""Which permissions an undo requires, counted in the database without loading records."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Max, Min, Q

from heroesite.changelog.undo.locked_records import Model
from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.audit.entries import Entry
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
