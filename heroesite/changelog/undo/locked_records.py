"""How an undo reads and writes records."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Count

from heroesite.records.models.base import Record

Model = type[Record]


class LockedRecords:
    """Read records under locks, and write them."""

    def existing(self, model: Model, keys: Collection[int]) -> set[int]:
        """Return those of the ids that are stored, and lock the records."""
        locked = model.objects.filter(pk__in=keys).order_by("pk").select_for_update()
        return set(locked.values_list("pk", flat=True))

    def get(self, model: Model, keys: Collection[int]) -> dict[int, Any]:
        """Return the stored records by id."""
        return {record.pk: record for record in model.objects.filter(pk__in=keys).locked()}

    def find_errors(self, model: Model, records: Mapping[int, Any]) -> Iterator[tuple[int, str]]:
        """Yield id and field where a name is already in use or a linked record doesn't exist.

        Args:
            records: those to be written, by id.
        """
        for pk, name, _error in model.objects.find_errors(records):
            yield pk, name

    def count_links(self, model: Model, keys: Collection[int]) -> Counter[int]:
        """Return how many records link to each of the ids."""
        counts: Counter[int] = Counter()
        for link, linking in model.objects.linking_records(keys):
            counts.update(dict(linking.order_by().values_list(link.attname).annotate(Count("pk"))))
        return counts

    def create(self, model: Model, records: Sequence[Any], blind_fields: Iterable[str]) -> None:
        """Restore deleted records.

        Args:
            blind_fields: the restricted fields that count as changed even if their values are equal.
        """
        model.objects.create_all(records, blind_fields=blind_fields)

    def change(
        self, model: Model, records: Sequence[Any], fields: Collection[str], blind_fields: Iterable[str]
    ) -> None:
        """Write some fields of stored records; ``blind_fields`` as in :meth:`create`."""
        model.objects.change_all(records, fields, blind_fields=blind_fields)

    def delete(self, model: Model, keys: Collection[int]) -> list[str]:
        """Delete stored records. Return a sentence for each other effect, such as heroes without a team."""
        records = model.objects.filter(pk__in=keys)
        effects: list[str] = records.deletion_effects()
        records.delete()
        return effects
