"""The feed of all changes, in an order that lets other systems sync without missing one.

PostgreSQL assigns ids before a transaction commits, so a reader that remembers the highest id misses entries
that are committed late. Each entry therefore has the id of its transaction, and the feed has only entries of
transactions that are older than every open one: no entry can be added among them later. SQLite has one
writer at a time, so its ids are in the order of commits.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from heapq import merge
from itertools import islice
from typing import Any

from django.core import signing
from django.db.models import QuerySet

from heroesite.changelog.steps import Step, steps
from heroesite.ids import LARGEST_ID as LARGEST
from heroesite.records.audit.entries import TransactionId
from heroesite.records.models.base import Record, record_models

OLDEST_OPEN_TRANSACTION = TransactionId("pg_snapshot_xmin(pg_current_snapshot())", LARGEST)
NEXT_TRANSACTION = TransactionId("pg_snapshot_xmax(pg_current_snapshot())", LARGEST)
SIGNER = signing.Signer(salt=__name__)
Place = tuple[int, int]
"""The transaction and the id of an entry."""


class InvalidCursor(Exception):
    """The cursor isn't one of this feed."""


@dataclass(frozen=True)
class Positions:
    """How far a reader has read the history of each model."""

    places: Mapping[str, Place] = field(default_factory=dict)

    def ranges_after(self, model: type[Record]) -> Iterator[QuerySet[Any]]:
        """Yield the entries of ``model`` that haven't been read, as consecutive ranges of an index.

        A single condition for the rest of a transaction and for later ones would read the transaction from
        its start, and it may be a large import.
        """
        entries = model.history.order_by("transaction", "history_id")
        transaction, last = self.places.get(model._meta.label_lower, (-1, 0))
        if last:
            yield entries.filter(transaction=transaction, history_id__gt=last)
        yield entries.filter(transaction__gt=transaction)

    def has_entries_after(self, model: type[Record]) -> bool:
        """Return whether any entries of ``model`` haven't been read."""
        return any(entries.exists() for entries in self.ranges_after(model))

    @classmethod
    def latest(cls) -> "Positions":
        """Return the positions after all entries that the feed has now."""
        places = {}
        for model in record_models():
            entries = model.history.filter(transaction__lt=OLDEST_OPEN_TRANSACTION)
            if last := entries.order_by("-transaction", "-history_id").first():
                places[model._meta.label_lower] = (last.transaction, last.history_id)
        return cls(places)

    def after(self, read: list[Step]) -> "Positions":
        """Return the positions after the steps in ``read``."""
        last = {
            step.model._meta.label_lower: (step.entry.transaction, step.entry.history_id) for step in read
        }
        return Positions({**self.places, **last})

    def encode(self) -> str:
        """Return the cursor, signed so that it can't be forged."""
        return SIGNER.sign_object(dict(self.places))

    @classmethod
    def decode(cls, cursor: str) -> "Positions":
        """Return the positions of a cursor.

        Raises:
            InvalidCursor: it isn't signed by this site, or its entries don't exist, as after a backup has
                been restored.
        """
        try:
            places = {label: tuple(place) for label, place in SIGNER.unsign_object(cursor).items()}
        except signing.BadSignature:
            raise InvalidCursor("This cursor isn't valid here. Start again without a cursor.") from None
        for model in record_models():
            transaction, last = places.get(model._meta.label_lower, (-1, 0))
            if last and not model.history.filter(history_id=last, transaction=transaction).exists():
                raise InvalidCursor(
                    "The database has since been restored from a backup. Start again without a cursor."
                )
        return cls(places)


def changes_after(seen: Positions, limit: int) -> tuple[list[Step], Positions, bool]:
    """Return the next changes.

    Returns:
        up to ``limit`` changes, the positions after them, and whether there are no more: then the highest
        version of each record is the current one.
    """
    found = [next_steps(model, seen, limit) for model in record_models()]
    read = list(
        islice(merge(*found, key=lambda step: (step.entry.transaction, step.entry.history_date)), limit)
    )
    positions = seen.after(read)
    # Queried last, to find what was committed while the histories were read one after the other.
    return read, positions, not any(map(positions.has_entries_after, record_models()))


def next_steps(model: type[Record], seen: Positions, limit: int) -> list[Step]:
    found: list[Any] = []
    for entries in seen.ranges_after(model):
        listed = entries.filter(transaction__lt=OLDEST_OPEN_TRANSACTION).select_related("change_set")
        found += listed[: limit - len(found)]
    return steps(model, found)


def renumber_restored() -> None:
    """Reset the transaction ids of entries if the database was restored into another PostgreSQL server, whose
    transaction ids are lower. Clients of the feed then have to start again.

    Call it when the site starts.
    """
    for model in record_models():
        if model.history.filter(transaction__gte=NEXT_TRANSACTION).exists():
            model.history.update(transaction=0)
