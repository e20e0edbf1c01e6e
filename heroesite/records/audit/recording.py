"""Write and read the history entries of records."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models
from django.dispatch import Signal
from django.utils import timezone

from heroesite.records.audit.change_sets import current_context, recorded_change_set_id
from heroesite.records.audit.entries import CURRENT_TRANSACTION, action_of, count_key

entries_recorded = Signal()
"""Sent after entries were written into the history of ``sender``, a model, in the same transaction if there
is one: a single write on PostgreSQL has none besides its statement."""


def entries_of_current_change_set(model: Any) -> models.QuerySet[Any]:
    """Return the entries of the current change set in the history of ``model``."""
    return model.history.filter(change_set=recorded_change_set_id()).order_by("history_id")


def record_entries(
    model: Any, records: Iterable[Any], history_type: str, blind_fields: Iterable[str] = ()
) -> None:
    """Record changes of ``records`` in the history of ``model``.

    Args:
        history_type: ``Entry.CREATED``, ``Entry.CHANGED`` or ``Entry.DELETED``.
        blind_fields: the restricted fields that were written by a user who can't see them.
    """
    records = list(records)
    if not records:
        return
    context = current_context()
    for has_before, number in Counter(record.version > 1 for record in records).items():
        key = count_key(model, action_of(history_type, has_before))
        context.entry_counts = context.counts_with(key, number)
    now, change_set = timezone.now(), context.get_or_create_id()
    entries = [build_entry(record, history_type, now, change_set, blind_fields) for record in records]
    model.history.model.objects.bulk_create(entries, batch_size=500)
    entries_recorded.send(sender=model)


def build_entry(
    record: Any, history_type: str, now: datetime, change_set_id: int | None, blind_fields: Iterable[str]
) -> Any:
    """Return a history entry with the values of ``record``, unsaved.

    Args:
        change_set_id: None if the change set isn't stored yet.
    """
    entry = type(record).history.model
    return entry(
        history_date=now,
        history_type=history_type,
        change_set_id=change_set_id,
        blind_fields=sorted(blind_fields),
        transaction=CURRENT_TRANSACTION,
        **{field.attname: getattr(record, field.attname) for field in entry.tracked_fields},
    )


def changed_fields(model: Any, before: Any, after: Any) -> set[str]:
    """Return the fields of ``model`` that changed from entry ``before`` to entry ``after``.

    Args:
        before: None if ``after`` is the first entry.
    """
    if before is None:
        return set(model.FIELDS)
    names = {name: model.attname(name) for name in model.FIELDS}
    differing = {name for name, at in names.items() if getattr(before, at) != getattr(after, at)}
    return differing | set(after.blind_fields)
