"""Undoing a change set: what it deleted comes back, what it changed is put back, what it created goes.

Records that were changed since are left alone unless somebody says otherwise. An undo is a change set
itself and can be undone.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from heroesite.records.audit.change_sets import (
    ChangeSet,
    atomic_change_set,
    current_change_set_id,
    run_and_roll_back,
)
from heroesite.records.audit.entries import Entry
from heroesite.records.audit.recording import changed_fields
from heroesite.records.models.base import Record
from heroesite.records.models.querysets import batched
from heroesite.records.permissions import is_allowed

Kind = type[Record]
BATCH = 5_000
"""Records that are looked up at once: within what any database takes."""


@dataclass
class Reversal:
    """What undoing means for one record.

    Args:
        action: the permission that it wants: ``"add"`` brings the record back, ``"change"`` puts ``fields``
            back to ``values``, ``"delete"`` takes it away.
        version: the one that the record is at, or was at last.
        left: why it is left alone, if it is.
    """

    kind: Kind
    pk: int
    name: str
    action: str
    version: int
    before: Any = None
    fields: frozenset[str] = frozenset()
    left: str = ""


@dataclass
class UndoResult:
    """What an undo did, or would do, and what it left alone; ``change_set`` is its own.

    ``also`` says in a sentence each what else is changed by it.
    """

    done: list[Reversal] = field(default_factory=list)
    left: list[Reversal] = field(default_factory=list)
    also: list[str] = field(default_factory=list)
    change_set: int | None = None


def rehearse(change_set: ChangeSet, user: Any, kinds: Sequence[Kind], *, anyway: bool = False) -> UndoResult:
    """What :func:`undo` would do now: it is done, and taken back."""
    undone = run_and_roll_back(lambda: undo(change_set, user, kinds, anyway=anyway))
    undone.change_set = None
    return undone


def undo(change_set: ChangeSet, user: Any, kinds: Sequence[Kind], *, anyway: bool = False) -> UndoResult:
    """Undo ``change_set`` as far as that is possible.

    Args:
        kinds: all kinds of records.
        anyway: undo what was changed since as well; later changes of other fields are kept.

    Raises:
        PermissionDenied: ``user`` may not do all that it takes.
    """
    undone = UndoResult()
    with atomic_change_set():
        pending: list[Reversal] = []
        for kind in kinds:
            for reversal in reversals(kind, change_set, anyway=anyway):
                (undone.left if reversal.left else pending).append(reversal)
        for kind, action in {(reversal.kind, reversal.action) for reversal in pending}:
            if not is_allowed(user, action, kind):
                raise PermissionDenied
        by_links = sorted(kinds, key=depth)
        while pending:
            going = [*rounds(pending, by_links, undone, anyway=anyway)]
            if not going:
                break
            undone.done += going
            gone = {id(reversal) for reversal in going}
            pending = [reversal for reversal in pending if id(reversal) not in gone]
        undone.left += pending
        undone.change_set = current_change_set_id() if undone.done else None
    return undone


def depth(kind: Kind) -> int:
    """How many links lead on from a kind, so that what is linked to comes before what links to it."""
    related = (kind._meta.get_field(name).related_model for name in kind.link_names())
    return max((depth(target) + 1 for target in related), default=0)  # type: ignore[arg-type]


# What there is to do ---------------------------------------------------------------------
def reversals(kind: Kind, change_set: ChangeSet, *, anyway: bool) -> Iterator[Reversal]:
    """What undoing means for each record of ``kind`` that ``change_set`` changed."""
    entries: dict[int, list[Any]] = defaultdict(list)
    for entry in kind.history.filter(change_set=change_set).order_by("id", "version"):
        entries[entry.id].append(entry)
    for keys in batched(list(entries), BATCH):
        before = kind.entries_at({(pk, entries[pk][0].version - 1) for pk in keys})
        now = dict(kind.objects.filter(pk__in=keys).select_for_update().values_list("pk", "version"))
        last = kind.history.filter(id__in=keys).values("id").annotate(last=Max("version"))
        versions = dict(last.values_list("id", "last"))
        for pk in keys:
            reversal = reversal_of(
                kind, before.get((pk, entries[pk][0].version - 1)), entries[pk], versions[pk], there=pk in now
            )
            if reversal and not reversal.left and not anyway and versions[pk] != entries[pk][-1].version:
                reversal.left = _("It was changed since.")
            if reversal:
                yield reversal


def reversal_of(kind: Kind, before: Any, entries: list[Any], version: int, *, there: bool) -> Reversal | None:
    """The reversal for one record; none where the change set left it as it had been.

    Args:
        before: the last entry before the change set; none where the record was created by it.
        entries: those of the change set, in order.
        version: the last that the record had.
        there: whether the record is in the register now.
    """
    first, last = entries[0], entries[-1]
    was_there = before is not None and before.history_type != Entry.DELETED
    stayed = last.history_type != Entry.DELETED
    fields: set[str] = set()
    for one, next_one in pairwise([before, *entries] if was_there and stayed else []):
        fields |= changed_fields(kind, one, next_one)
    action = "change" if was_there and stayed else "add" if was_there else "delete" if stayed else ""
    if not action:
        return None
    reversal = Reversal(kind, last.id, last.name, action, version, before, frozenset(fields))
    if before is None and first.history_type != Entry.CREATED:
        reversal.left = _("It was there before the history began.")
    elif action == "add" and there:
        reversal.left = _("It is there again.")
    elif action != "add" and not there:
        reversal.left = _("It was deleted since.")
    elif erased := set(before.erased if before else ()) & (fields or set(kind.FIELDS)):
        labels = ", ".join(kind.label(name) for name in sorted(erased))
        reversal.left = _("What stood there before was erased from the history: %(fields)s.") % {
            "fields": labels
        }
    return reversal


# Doing it ---------------------------------------------------------------------------------
def rounds(
    pending: list[Reversal], by_links: Sequence[Kind], undone: UndoResult, *, anyway: bool
) -> Iterator[Reversal]:
    """Do those steps that can be done now: one may make room for another, which then is done in the next
    round. Yields the steps done; the others say what hinders them."""
    for kind in by_links:
        for action in ("add", "change"):
            chosen = [reversal for reversal in pending if (reversal.kind, reversal.action) == (kind, action)]
            for some in batched(chosen, BATCH):
                yield from put_back(kind, some)
    for kind in reversed(by_links):
        chosen = [reversal for reversal in pending if (reversal.kind, reversal.action) == (kind, "delete")]
        for some in batched(chosen, BATCH):
            going = [reversal for reversal in some if anyway or not is_held(kind, reversal)]
            records = kind.objects.filter(pk__in=[reversal.pk for reversal in going])
            undone.also += records.deletion_effects()
            records.delete()
            yield from going


def is_held(kind: Kind, reversal: Reversal) -> bool:
    """Whether others link to a record by now; the change set's own have been dealt with before."""
    count = sum(holders.count() for _field, holders in kind.objects.linking_records([reversal.pk]))
    words = ngettext("Another record is linked to it.", "%(count)d others are linked to it.", count)
    reversal.left = words % {"count": count} if count else ""
    return bool(count)


def put_back(kind: Kind, some: Sequence[Reversal]) -> Iterator[Reversal]:
    """Bring records back, or put fields back, as far as names are free and linked records are there."""
    records = {}
    locked = kind.objects.filter(
        pk__in=[reversal.pk for reversal in some if reversal.action == "change"]
    ).locked()
    stored = {record.pk: record for record in locked}
    for reversal in some:
        record = stored.get(reversal.pk)
        if record is None:
            record = reversal.before.instance
            record.version = reversal.version + 1
        elif not differs(record, reversal):
            reversal.left = _("It is so already.")
            continue
        for name in reversal.fields:
            attname = kind.attname(name)
            setattr(record, attname, getattr(reversal.before, attname))
        records[reversal.pk] = record
    hindrances(kind, [reversal for reversal in some if reversal.pk in records], records)
    ready = [reversal for reversal in some if not reversal.left]
    for guarded in (False, True):
        # Where more than the deletion came in between, the history must not tell whether secrets differ.
        back = [
            records[reversal.pk]
            for reversal in ready
            if reversal.action == "add" and guarded == (reversal.version > reversal.before.version + 1)
        ]
        kind.objects.create_all(back, sent=kind.RESTRICTED if guarded else ())
    alike: dict[frozenset[str], list[Record]] = defaultdict(list)
    for reversal in ready:
        if reversal.action == "change":
            alike[reversal.fields].append(records[reversal.pk])
    for fields, changed in alike.items():
        kind.objects.change_all(changed, fields, sent=fields & set(kind.RESTRICTED))
    yield from ready


def differs(record: Record, reversal: Reversal) -> bool:
    """Whether putting fields back changes anything, as far as may be told."""
    attnames = map(reversal.kind.attname, reversal.fields)
    hidden = not reversal.fields.isdisjoint(record.RESTRICTED)
    return hidden or any(getattr(record, name) != getattr(reversal.before, name) for name in attnames)


def hindrances(kind: Kind, some: Iterable[Reversal], records: dict[int, Any]) -> None:
    """Note on each reversal what it cannot be done for, by the rules of the model."""
    faulty: dict[int, list[str]] = defaultdict(list)
    for pk, name, _fault in kind.objects.find_errors(records):
        faulty[pk].append(name)
    for reversal in some:
        record = records[reversal.pk]
        reversal.left = ""
        try:
            record.clean_fields(exclude=kind.link_names())
        except ValidationError as error:
            reversal.left = " ".join(error.messages)
        if "name" in faulty[reversal.pk]:
            reversal.left = _("The name “%(name)s” is taken.") % {"name": record.name}
        elif missing := faulty[reversal.pk]:
            labels = ", ".join(map(kind.label, missing))
            reversal.left = _("What it was linked to is not there: %(fields)s.") % {"fields": labels}
