"""Every change to every kind of record, in an order in which none is skipped: what other systems sync from.

PostgreSQL hands out ids before a transaction commits, so a reader that remembers the highest id misses what
committed late. Each entry therefore has the number of its transaction, and only those of transactions that
are older than any under way are told: nothing can appear among them any more. SQLite has one writer at a
time, and its ids are in the order of commits.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from heapq import merge
from itertools import islice
from typing import Any

from django.core import signing
from django.db.models import Q, QuerySet

from heroesite.changelog.steps import Step, steps
from heroesite.ids import LARGEST_ID as LARGEST
from heroesite.records.audit.entries import TransactionId
from heroesite.records.models.base import Record, record_models

OLDEST_UNDER_WAY = TransactionId("pg_snapshot_xmin(pg_current_snapshot())", LARGEST)
NEXT_TRANSACTION = TransactionId("pg_snapshot_xmax(pg_current_snapshot())", LARGEST)
SIGNER = signing.Signer(salt=__name__)
Place = tuple[int, int]
"""The transaction and the id of an entry."""


class InvalidCursor(Exception):
    """Not a place in this feed."""


@dataclass(frozen=True)
class Positions:
    """How far a reader is in the history of each kind."""

    places: Mapping[str, Place] = field(default_factory=dict)

    def beyond(self, kind: type[Record]) -> QuerySet[Any]:
        """The entries of ``kind`` after the place there."""
        transaction, last = self.places.get(kind._meta.label_lower, (-1, 0))
        later = Q(transaction__gt=transaction) | Q(transaction=transaction, history_id__gt=last)
        entries = kind.history.filter(later, transaction__gte=transaction)
        return entries.order_by("transaction", "history_id")

    @classmethod
    def here(cls) -> "Positions":
        """After all that is told by now."""
        places = {}
        for kind in record_models():
            entries = kind.history.filter(transaction__lt=OLDEST_UNDER_WAY)
            if last := entries.order_by("-transaction", "-history_id").first():
                places[kind._meta.label_lower] = (last.transaction, last.history_id)
        return cls(places)

    def after(self, read: list[Step]) -> "Positions":
        told = {step.kind._meta.label_lower: (step.entry.transaction, step.entry.history_id) for step in read}
        return Positions({**self.places, **told})

    def write(self) -> str:
        return SIGNER.sign_object(dict(self.places))

    @classmethod
    def read(cls, cursor: str) -> "Positions":
        """
        Raises:
            InvalidCursor: it is none of ours, or what it points to is not there, as after a restored backup.
        """
        try:
            places = {label: tuple(place) for label, place in SIGNER.unsign_object(cursor).items()}
        except signing.BadSignature:
            raise InvalidCursor("This cursor isn't valid here. Start again without a cursor.") from None
        for kind in record_models():
            transaction, last = places.get(kind._meta.label_lower, (-1, 0))
            if last and not kind.history.filter(history_id=last, transaction=transaction).exists():
                raise InvalidCursor("The database has been restored since. Start again without a cursor.")
        return cls(places)


def changes_after(seen: Positions, limit: int) -> tuple[list[Step], Positions, bool]:
    """The next changes.

    Returns:
        up to ``limit`` of them, the positions after those, and whether that is all that there is: then the
        highest version of each record is as the register has it.
    """
    found = [told(kind, seen, limit) for kind in record_models()]
    read = list(
        islice(merge(*found, key=lambda step: (step.entry.transaction, step.entry.history_date)), limit)
    )
    positions = seen.after(read)
    # Asked last: what committed while the histories were read, one after the other, is found here.
    return read, positions, not any(positions.beyond(kind).exists() for kind in record_models())


def told(kind: type[Record], seen: Positions, limit: int) -> Iterator[Step]:
    entries = seen.beyond(kind).filter(transaction__lt=OLDEST_UNDER_WAY).select_related("change_set")
    yield from steps(kind, list(entries[:limit]))


def renumber_restored() -> None:
    """Where the database was restored into another PostgreSQL, whose transactions have lower numbers, give
    all entries the lowest; readers are told to begin anew.

    To be called when the site starts.
    """
    for kind in record_models():
        if kind.history.filter(transaction__gte=NEXT_TRANSACTION).exists():
            kind.history.update(transaction=0)
