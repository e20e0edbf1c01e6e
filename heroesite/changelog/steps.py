"""What each history entry changed in its record, field by field."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Value, When
from django.utils.formats import localize
from django.utils.translation import gettext_lazy as _

from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.audit.entries import Action, Entry, action_of, count_key
from heroesite.records.audit.recording import changed_fields
from heroesite.records.models.base import Record, record_models

ERASED = _("erased")
ACTIONS = (Action.CREATED, Action.RESTORED, Action.DELETED, Action.CHANGED)
"""The order in which the tallies of a record type are listed."""
RESTORABLE = Q(history_type=Entry.CREATED, version__gt=1)
"""Entries that may have restored a record. Only for these is the previous entry looked up."""


@dataclass(frozen=True)
class Step:
    """A history entry, with the entry before it of the same record, if there is one."""

    model: type[Record]
    entry: Any
    before: Any

    @property
    def opts(self) -> Any:
        """The model's ``_meta``, which templates can't read."""
        return self.model._meta

    @property
    def action(self) -> Action:
        return action_of(self.entry.history_type, self.before is not None)

    @property
    def fields(self) -> list[str]:
        """The fields that the entry changed, and those whose value has been erased."""
        names = changed_fields(self.model, self.before, self.entry) | set(self.entry.erased)
        return [name for name in self.model.FIELDS if name in names]

    def values(self, name: str) -> tuple[Any, Any]:
        """Return the stored values of a field before and after; None if it had none or it has been erased."""
        at = self.model.attname(name)
        before, after = (
            getattr(entry, at) if entry and name not in entry.erased else None
            for entry in (self.before, self.entry)
        )
        return before, after


def steps(model: type[Record], entries: Collection[Any]) -> list[Step]:
    """Return each of ``entries`` with the one before it, in one query at most."""
    known = {(entry.id, entry.version): entry for entry in entries}
    wanted = {(pk, version - 1) for pk, version in known if version > 1} - set(known)
    if wanted:
        known |= model.entries_at(wanted)
    return [Step(model, entry, known.get((entry.id, entry.version - 1))) for entry in entries]


class Entries:
    """Entries of several histories, one history after the other, which a paginator slices into steps.

    Args:
        found: models, each with a queryset of its entries.
    """

    def __init__(self, found: Iterable[tuple[type[Record], QuerySet[Any]]]) -> None:
        self.found = list(found)

    @classmethod
    def of_change_set(cls, change_set: ChangeSet, found: Iterable["Tally"]) -> "Entries":
        """Return the entries of a change set.

        Args:
            found: its tallies, so that the entries needn't be counted.
        """
        counts: Counter[type[Record]] = Counter()
        for tally in found:
            counts[tally.model] += tally.count
        entries = cls(
            (model, model.history.filter(change_set=change_set).order_by("history_id")) for model in counts
        )
        entries.counts = list(counts.values())
        return entries

    @cached_property
    def counts(self) -> list[int]:
        return [entries.count() for _model, entries in self.found]

    def count(self) -> int:
        return sum(self.counts)

    def __getitem__(self, wanted: slice) -> list[Step]:
        start, stop, rows = wanted.start, wanted.stop, []
        for (model, entries), count in zip(self.found, self.counts, strict=True):
            if start < count and stop > 0:
                rows += steps(model, list(entries[max(start, 0) : stop]))
            start, stop = start - count, stop - count
        return rows


@dataclass(frozen=True)
class Change:
    """A field before and after a change, as people read it.

    Args:
        alone: whether only ``after`` is shown.
    """

    label: str
    before: Any
    after: Any
    alone: bool


def readable_changes(rows: list[Step], reveal: Collection[str] = ()) -> Iterator[tuple[Step, list[Change]]]:
    """Yield each step with its changes; a link is the record, or the last name of a deleted one.

    Args:
        reveal: the restricted fields whose values are shown.
    """
    linked = linked_records(rows)
    for step in rows:
        yield step, [change(step, name, linked, reveal) for name in step.fields]


def change(step: Step, name: str, linked: dict[Any, Any], reveal: Collection[str]) -> Change:
    label, erased = step.model.label(name), name in step.entry.erased
    if name in step.model.RESTRICTED and name not in reveal:
        return Change(label, None, ERASED if erased else _("changed"), alone=True)
    related = step.model._meta.get_field(name).related_model
    before, after = (linked.get((related, value), value) for value in step.values(name))
    if step.before and name in step.before.erased:
        before = ERASED
    return Change(label, before, ERASED if erased else after, alone=step.before is None)


def linked_records(rows: Iterable[Step]) -> dict[Any, Any]:
    """Return the records that changed links lead to, by model and id: two queries per model."""
    keys: defaultdict[Any, set[Any]] = defaultdict(set)
    for step in rows:
        for name in set(step.model.link_names()) & set(step.fields):
            related = step.model._meta.get_field(name).related_model
            keys[related] |= {key for key in step.values(name) if key is not None}
    return {
        (related, key): found
        for related, wanted in keys.items()
        for key, found in related.records_or_last_names(wanted).items()
    }


@dataclass(frozen=True)
class Tally:
    """How many records of one type a change set created, changed, deleted or restored."""

    model: type[Record]
    action: Action
    count: int

    def __str__(self) -> str:
        """Return the tally in the active language, such as “2 heroes changed”."""
        return f"{localize(self.count)} {self.noun} {self.action.label}"

    @property
    def noun(self) -> Any:
        meta = self.model._meta
        return meta.verbose_name if self.count == 1 else meta.verbose_name_plural


def tallies(change_sets: Collection[ChangeSet]) -> dict[int, list[Tally]]:
    """Return the tallies of each change set by its id."""
    uncounted = [each.pk for each in change_sets if each.entry_counts is None]
    counted = count_entries(uncounted) if uncounted else {}
    keys = [(model, action, count_key(model, action)) for model in record_models() for action in ACTIONS]
    found: dict[int, list[Tally]] = {}
    for each in change_sets:
        counts = counted[each.pk] if each.entry_counts is None else each.entry_counts
        found[each.pk] = [Tally(model, action, counts[key]) for model, action, key in keys if key in counts]
    return found


def count_entries(change_set_ids: Collection[int]) -> Mapping[int, Counter[str]]:
    """Count the entries of change sets that were stored without their counts, in one query per model."""
    counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for model in record_models():
        before = model.history.filter(id=OuterRef("id"), version=OuterRef("version") - 1)
        counted = (
            model.history.filter(change_set__in=change_set_ids)
            .annotate(has_before=Case(When(RESTORABLE, then=Exists(before)), default=Value(False)))
            .order_by()
            .values_list("change_set_id", "history_type", "has_before")
            .annotate(count=Count("history_id"))
        )
        for pk, history_type, has_before, count in counted:
            counts[pk][count_key(model, action_of(history_type, has_before))] += count
    return counts
