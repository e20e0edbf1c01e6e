"""Histories, read: what each entry did to its record, field by field."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.audit.entries import Action, action_of
from heroesite.records.audit.recording import changed_fields
from heroesite.records.models.base import Record, record_models

ERASED = _("erased")


@dataclass(frozen=True)
class Step:
    """An entry, and the one before it in the history of the same record."""

    kind: type[Record]
    entry: Any
    before: Any

    @property
    def meta(self) -> Any:
        """What the kind says about itself, for templates."""
        return self.kind._meta

    @property
    def action(self) -> Action:
        return action_of(self.entry.history_type, self.before is not None)

    @property
    def fields(self) -> list[str]:
        """The fields that it counts for, and those whose value had to be forgotten."""
        names = changed_fields(self.kind, self.before, self.entry) | set(self.entry.erased)
        return [name for name in self.kind.FIELDS if name in names]

    def values(self, name: str) -> tuple[Any, Any]:
        """A field before and after, as it is stored; nothing where it was not there or is erased."""
        at = self.kind.attname(name)
        before, after = (
            getattr(entry, at) if entry and name not in entry.erased else None
            for entry in (self.before, self.entry)
        )
        return before, after


def steps(kind: type[Record], entries: Collection[Any]) -> list[Step]:
    """``entries``, each with the one before it, in one query."""
    known = {(entry.id, entry.version): entry for entry in entries}
    wanted = {(pk, version - 1) for pk, version in known if version > 1} - set(known)
    if wanted:
        known |= kind.entries_at(wanted)
    return [Step(kind, entry, known.get((entry.id, entry.version - 1))) for entry in entries]


class Entries:
    """The entries that some histories hold, one history after the other, to be paged through as steps."""

    def __init__(self, found: Iterable[tuple[type[Record], QuerySet[Any]]]) -> None:
        self.found = list(found)

    @classmethod
    def of_change_set(cls, change_set: ChangeSet) -> "Entries":
        return cls(
            (kind, kind.history.filter(change_set=change_set).order_by("history_id"))
            for kind in record_models()
        )

    @cached_property
    def counts(self) -> list[int]:
        return [entries.count() for _kind, entries in self.found]

    def count(self) -> int:
        return sum(self.counts)

    def __getitem__(self, wanted: slice) -> list[Step]:
        start, stop, rows = wanted.start, wanted.stop, []
        for (kind, entries), count in zip(self.found, self.counts, strict=True):
            if start < count and stop > 0:
                rows += steps(kind, list(entries[max(start, 0) : stop]))
            start, stop = start - count, stop - count
        return rows


@dataclass(frozen=True)
class Change:
    """A field before and after, for reading.

    Args:
        alone: whether there is nothing to tell of before.
    """

    label: str
    before: Any
    after: Any
    alone: bool


def readable_changes(rows: list[Step], reveal: Collection[str] = ()) -> Iterator[tuple[Step, list[Change]]]:
    """Each step with its changes; links as records, or by the last names of those that have gone.

    Args:
        reveal: the restricted fields of which the values are told.
    """
    linked = linked_records(rows)
    for step in rows:
        yield step, [change(step, name, linked, reveal) for name in step.fields]


def change(step: Step, name: str, linked: dict[Any, Any], reveal: Collection[str]) -> Change:
    label, erased = step.kind.label(name), name in step.entry.erased
    if name in step.kind.RESTRICTED and name not in reveal:
        return Change(label, None, ERASED if erased else _("changed"), alone=True)
    related = step.kind._meta.get_field(name).related_model
    before, after = (linked.get((related, value), value) for value in step.values(name))
    if step.before and name in step.before.erased:
        before = ERASED
    return Change(label, before, ERASED if erased else after, alone=step.before is None)


def linked_records(rows: Iterable[Step]) -> dict[Any, Any]:
    """What the changed links of ``rows`` lead to, by kind and id: two queries for each kind."""
    keys: defaultdict[Any, set[Any]] = defaultdict(set)
    for step in rows:
        for name in set(step.kind.link_names()) & set(step.fields):
            related = step.kind._meta.get_field(name).related_model
            keys[related] |= {key for key in step.values(name) if key is not None}
    return {
        (related, key): found
        for related, wanted in keys.items()
        for key, found in related.records_or_last_names(wanted).items()
    }


@dataclass(frozen=True)
class Tally:
    """How many records of one kind a change set did the same to."""

    kind: type[Record]
    action: Action
    count: int

    @property
    def noun(self) -> Any:
        meta = self.kind._meta
        return meta.verbose_name if self.count == 1 else meta.verbose_name_plural


def tallies(change_sets: Collection[ChangeSet]) -> dict[int, list[Tally]]:
    """What each change set did, in one query for each kind."""
    told: dict[int, list[Tally]] = {change_set.pk: [] for change_set in change_sets}
    for kind in record_models():
        before = kind.history.filter(id=OuterRef("id"), version=OuterRef("version") - 1)
        counted = (
            kind.history.filter(change_set__in=told)
            .annotate(has_before=Exists(before))
            .order_by("change_set_id", "history_type")
            .values_list("change_set_id", "history_type", "has_before")
            .annotate(count=Count("history_id"))
        )
        counts: Counter[tuple[int, Action]] = Counter()
        for pk, history_type, has_before, count in counted:
            counts[pk, action_of(history_type, has_before)] += count
        for (pk, action), count in counts.items():
            told[pk].append(Tally(kind, action, count))
    return told
