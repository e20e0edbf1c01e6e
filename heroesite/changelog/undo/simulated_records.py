"""How the preview of an undo reads records, and what it remembers instead of writing them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from typing import Any

from django.db.models import Count, QuerySet

from heroesite.changelog.undo.locked_records import LockedRecords, Model
from heroesite.text import fold


class SimulatedRecords(LockedRecords):
    """Read records without locks, and keep in memory what an undo would write.

    Args:
        unchecked: the ids of the records that the undo would change but the preview doesn't check, for each
            model that has any. They are assumed to make way: to give up their names and links, or to be
            restored.
    """

    def __init__(self, unchecked: Mapping[Model, QuerySet[Any, Any]]) -> None:
        self.unchecked = unchecked
        self.written: defaultdict[Model, dict[int, Any]] = defaultdict(dict)
        """Records as they would be written, by id; None for those that would be deleted."""

    def existing(self, model: Model, keys: Collection[int]) -> set[int]:
        return set(model.objects.filter(pk__in=keys).values_list("pk", flat=True))

    def get(self, model: Model, keys: Collection[int]) -> dict[int, Any]:
        found = {**model.objects.in_bulk(list(keys)), **self.written_among(model, keys)}
        records = {pk: copy(record) for pk, record in found.items() if record is not None}
        for name in model.link_names():
            field: Any = model._meta.get_field(name)
            linked = self.written[field.related_model]
            for record in records.values():
                if linked.get(getattr(record, field.attname), record) is None:
                    setattr(record, field.attname, None)  # a deletion clears the links to the record
        return records

    def find_errors(self, model: Model, records: Mapping[int, Any]) -> Iterator[tuple[int, str]]:
        names = {pk: fold(record.name) for pk, record in records.items()}
        owners = self.name_owners(model, names.values())
        for pk, name in names.items():
            if owners.setdefault(name, pk) != pk:
                yield pk, "name"
        for link in model.link_names():
            field: Any = model._meta.get_field(link)
            targets = {pk: getattr(record, field.attname) for pk, record in records.items()}
            existing = self.remaining(field.related_model, {*targets.values()} - {None})
            for pk, target in targets.items():
                if target is not None and target not in existing:
                    yield pk, link

    def name_owners(self, model: Model, names: Iterable[str]) -> dict[str, int]:
        """Return the ids of the records that would have these folded names, by name."""
        stored = model.objects.filter(name_key__in=set(names)).order_by()
        owners = dict(stored.values_list("name_key", "pk"))
        leaving = {*self.written[model], *self.unchecked_among(model, owners.values())}
        owners = {name: pk for name, pk in owners.items() if pk not in leaving}
        written = self.written[model].values()
        return owners | {fold(record.name): record.pk for record in written if record is not None}

    def remaining(self, model: Model, keys: Collection[int]) -> set[int]:
        """Return those of the ids that would be stored."""
        written = self.written_among(model, keys)
        missing = set(keys) - {pk for pk, record in written.items() if record is None}
        existing = self.existing(model, missing - set(written)) | (missing & set(written))
        return existing | self.unchecked_among(model, missing - existing)

    def count_links(self, model: Model, keys: Collection[int]) -> Counter[int]:
        counts: Counter[int] = Counter()
        for _link, linked in self.linked_ids(model, keys):
            counts.update(linked)
        return counts

    def linked_ids(self, model: Model, keys: Collection[int]) -> Iterator[tuple[Any, Counter[int]]]:
        """Yield each link to ``model``, and how many records would link to each of the ids."""
        for link, linking in model.objects.linking_records(keys):
            source: Any = link.model
            written = self.written[source]
            stored = linking.exclude(pk__in=list(written)).order_by()
            if source in self.unchecked:
                stored = stored.exclude(pk__in=self.unchecked[source])
            counts = Counter(dict(stored.values_list(link.attname).annotate(Count("pk"))))
            targets = (getattr(record, link.attname) for record in written.values() if record is not None)
            counts.update(target for target in targets if target in keys)
            yield link, counts

    def create(self, model: Model, records: Sequence[Any], blind_fields: Iterable[str]) -> None:
        self.written[model] |= {record.pk: record for record in records}

    def change(
        self, model: Model, records: Sequence[Any], fields: Collection[str], blind_fields: Iterable[str]
    ) -> None:
        self.create(model, records, blind_fields)

    def delete(self, model: Model, keys: Collection[int]) -> list[str]:
        linked = [(link, counts.total()) for link, counts in self.linked_ids(model, keys)]
        self.written[model] |= dict.fromkeys(keys)
        return [link.deletion_effect % {"count": count} for link, count in linked if count]

    def written_among(self, model: Model, keys: Iterable[int]) -> dict[int, Any]:
        written = self.written[model]
        return {pk: written[pk] for pk in keys if pk in written}

    def unchecked_among(self, model: Model, keys: Iterable[int]) -> set[int]:
        if model not in self.unchecked:
            return set()
        return set(self.unchecked[model].filter(id__in=list(keys)))
