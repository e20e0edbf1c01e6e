"""Many records at once, by domain words."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Cast
from django.utils import timezone

from heroesite.ids import is_id_number
from heroesite.records.audit.change_sets import atomic_change_set
from heroesite.records.audit.entries import Entry
from heroesite.records.audit.recording import note
from heroesite.records.models.fields import FoldedField, RecordForeignKey
from heroesite.text import fold


def batched(records: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """As many at once as any database takes."""
    return (records[start : start + size] for start in range(0, len(records), size))


class RecordQuerySet(models.QuerySet[Any]):
    """Records by domain words.

    What writes many keeps versions, links and history as ``save`` does, all or none; its callers have asked
    ``full_clean``.
    """

    batch = 500

    @property
    def bare(self) -> models.QuerySet[Any]:
        """All records, to be written by Django's own means: without version, history and links."""
        return models.QuerySet(self.model, using=self.db)

    def refused(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(
            "Records are written by save, create_all, change_all, update and delete, which keep versions"
            " and history."
        )

    bulk_create = bulk_update = _raw_delete = refused

    def search(self, words: Iterable[str]) -> Self:
        """The records whose name holds each of ``words``, whatever the case."""
        return self.filter(*(Q(name_key__contains=fold(word)) for word in words))

    def named(self, names: Iterable[str]) -> Self:
        return self.filter(name_key__in=[fold(name) for name in names])

    def with_links(self) -> Self:
        """The records together with those they are linked to, in one query."""
        return self.select_related(*self.model.link_names())

    def create_all(self, records: Sequence[models.Model], sent: Iterable[str] = ()) -> None:
        """Insert records, each of which has passed ``full_clean``; those that come back bring their id.

        Args:
            sent: as in :meth:`change_all`.

        Raises:
            IntegrityError: a name is taken.
        """
        with atomic_change_set():
            self.bare.bulk_create(records, batch_size=self.batch)
            note(self.model, records, Entry.CREATED, sent)

    def change_all(self, records: Sequence[Any], fields: Iterable[str], sent: Iterable[str] = ()) -> None:
        """Write ``fields`` of ``records``, which were read under a lock, each with a new version.

        Args:
            sent: the restricted ones among them that were sent by somebody who may not see them.
        """
        now = timezone.now()
        with atomic_change_set():
            for record in records:
                for field in record._meta.fields:
                    if isinstance(field, FoldedField):
                        field.pre_save(record, add=False)  # which only save does by itself
                record.version, record.updated_at = record.version + 1, now
            written = self.model.with_dependent_fields(fields) - {"version", "updated_at"}
            for some in batched(records, 100):  # the cost of a statement grows with the square
                self.bare.filter(pk__in=[record.pk for record in some]).update(
                    **{name: self.value_per_record(name, some) for name in sorted(written)},
                    version=F("version") + 1,
                    updated_at=now,
                )
            note(self.model, records, Entry.CHANGED, sent)

    def value_per_record(self, name: str, records: Iterable[Any]) -> Cast:
        """What a field has in memory, for a statement that writes several records."""
        field: Any = self.model._meta.get_field(name)
        values = (When(pk=one.pk, then=Value(getattr(one, field.attname), field)) for one in records)
        return Cast(Case(*values, output_field=field), field)

    def update(self, **values: Any) -> int:
        """Give all these records the same values, and those that had others a new version.

        Django calls it as well, for ``team.heroes.add(hero)``.

        Returns:
            how many had others.

        Raises:
            TypeError: a value is an expression, of which only the database would know the result.
        """
        written: dict[str, Any] = {}
        for name, value in values.items():
            if hasattr(value, "resolve_expression"):
                raise TypeError(
                    f"The history cannot tell what {name} becomes. Read the records, and save them."
                )
            field: Any = self.model._meta.get_field(name)
            written[field.attname] = value.pk if isinstance(value, models.Model) else value
        folded = [field for field in self.model._meta.fields if isinstance(field, FoldedField)]
        written |= {field.attname: fold(written[field.of]) for field in folded if field.of in written}
        with atomic_change_set():
            differing = [
                record
                for record in self.locked()
                if any(getattr(record, name) != value for name, value in written.items())
            ]
            now = timezone.now()
            for some in batched(differing, self.batch):
                rows = self.bare.filter(pk__in=[record.pk for record in some])
                rows.update(**written, version=F("version") + 1, updated_at=now)
            for record in differing:
                for name, value in written.items():
                    setattr(record, name, value)
                record.version, record.updated_at = record.version + 1, now
            note(self.model, differing, Entry.CHANGED)
            return len(differing)

    update.alters_data = True  # type: ignore[attr-defined]

    def find_errors(
        self, records: Mapping[int, Any], known: Collection[tuple[int, str]] = ()
    ) -> Iterator[tuple[int, str, ValidationError]]:
        """What each record cannot know by itself: that its name is taken, in the register or among them, or
        that what it links to is not there.

        Args:
            records: each under a number of the caller's.
            known: numbers and fields in which a fault is known, and which no database may be asked about.

        Yields:
            the number of the record, the field and the fault.
        """
        named = {number: record for number, record in records.items() if (number, "name") not in known}
        keys = {number: fold(record.name) for number, record in named.items()}
        holders: dict[str, tuple[Any, str]] = {}
        for some in batched(list(keys.values()), self.batch):
            found = self.model.objects.filter(name_key__in=some).values_list("name_key", "pk", "name")
            holders |= {key: (pk, name) for key, pk, name in found}
        for number, record in named.items():
            holder, name = holders.setdefault(keys[number], (record.pk or record, record.name))
            if holder != (record.pk or record):
                yield number, "name", self.model.name_taken_error(name)
        for link in self.model.link_names():
            field = self.model._meta.get_field(link)
            targets = {number: getattr(record, field.attname) for number, record in records.items()}
            there: set[int | None] = {None}
            for some in batched(sorted({key for key in targets.values() if is_id_number(key)}), self.batch):
                there |= set(field.related_model.objects.filter(pk__in=some).values_list("pk", flat=True))
            for number, target in targets.items():
                if target not in there and (number, link) not in known:
                    yield number, link, ValidationError(field.error_messages["invalid"], code="invalid")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete these records; what was linked to them is changed first, version and all."""
        with atomic_change_set():
            records = self.locked()
            deleted = 0
            for some in batched(records, self.batch):
                keys = [record.pk for record in some]
                for field, holders in self.holders(keys):
                    holders.update(**{field.name: None})
                deleted += self.bare.filter(pk__in=keys).delete()[0]
            for record in records:
                record.version, record.updated_at = record.version + 1, timezone.now()
            note(self.model, records, Entry.DELETED)
            return deleted, {self.model._meta.label: deleted}

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def locked(self) -> list[Any]:
        """The records, in the order in which all who want several lock them."""
        return list(self.order_by("pk").select_for_update())

    def holders(self, keys: Iterable[Any]) -> Iterator[tuple[RecordForeignKey, "RecordQuerySet"]]:
        """For each kind of record linked to this one, the link and the records that hold it."""
        for link in self.model.incoming_links():
            yield link, link.model.objects.filter(**{f"{link.name}__in": list(keys)})

    def deletion_effects(self) -> list[str]:
        """What else deleting these records would change, a sentence each."""
        keys = list(self.values_list("pk", flat=True))
        counted = ((field, holders.count()) for field, holders in self.holders(keys))
        return [field.deletion_effect % {"count": count} for field, count in counted if count]
