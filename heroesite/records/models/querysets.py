"""Querysets of records: search, and writes of many records at once with versions and history."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Value, When
from django.db.models.functions import Cast
from django.utils import timezone

from heroesite.ids import is_id_number
from heroesite.records.audit.change_sets import atomic_change_set
from heroesite.records.audit.entries import Entry
from heroesite.records.audit.recording import record_entries
from heroesite.records.audit.writing import RecordWriter, writes_in_one_statement
from heroesite.text import SHORT, WORD_START, fold, search_terms

from .fields import RecordForeignKey


def text_to_find(term: str) -> str:
    """Return the text to find in search keys for one of :func:`heroesite.text.search_terms`."""
    return term if len(term) > SHORT else f"{WORD_START}{term}"


def batched(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Yield slices of up to ``size`` items."""
    return (items[start : start + size] for start in range(0, len(items), size))


def deletes_in_one_statement(model: Any) -> bool:
    """Return whether a record can be deleted in one statement, because no other record links to it."""
    return writes_in_one_statement(model) and not model.incoming_links()


class RecordQuerySet(models.QuerySet[Any]):
    """Records.

    The methods that write many records update versions, links and history as ``save`` does, all or none.
    Their callers have called ``full_clean``.
    """

    batch_size = 500

    def unrecorded(self) -> models.QuerySet[Any]:
        """All records as a plain Django queryset, which writes without version, history and links."""
        return models.QuerySet(self.model, using=self.db)

    def refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(
            "Use save, create_all, change_all, update or delete to write records: they record versions"
            " and history."
        )

    bulk_create = bulk_update = _raw_delete = refuse

    def search(self, terms: Iterable[str]) -> Self:
        """Filter by names that match each of ``terms``, ignoring case, spaces and punctuation.

        A term of one or two characters matches the start of a word, a longer one any part of the name. Its
        length is counted without punctuation.
        """
        texts = [text_to_find(term) for term in search_terms(terms)]
        return self.filter(search_key__contains_all=texts) if texts else self.all()

    def named(self, names: Iterable[str]) -> Self:
        """Filter by whole names, ignoring case."""
        return self.filter(name_key__in=[fold(name) for name in names])

    def with_links(self) -> Self:
        """Load each record together with those it links to, in one query."""
        return self.select_related(*self.model.link_names())

    def create_all(self, records: Sequence[models.Model], blind_fields: Iterable[str] = ()) -> None:
        """Insert records; restored ones have their former id set.

        Args:
            blind_fields: see :meth:`change_all`.

        Raises:
            IntegrityError: a name is taken.
        """
        with atomic_change_set():
            self.unrecorded().bulk_create(records, batch_size=self.batch_size)
            record_entries(self.model, records, Entry.CREATED, blind_fields)

    def change_all(
        self, records: Sequence[Any], fields: Iterable[str], blind_fields: Iterable[str] = ()
    ) -> None:
        """Write ``fields`` of locked ``records``, each with a new version.

        Args:
            blind_fields: the restricted fields among them that were written by a user who can't see them.
        """
        now = timezone.now()
        with atomic_change_set():
            for record in records:
                for field in self.model.folded_fields():
                    field.pre_save(record, add=False)  # which Django calls only from save()
                record.version, record.updated_at = record.version + 1, now
            written = self.model.with_dependent_fields(fields) - {"version", "updated_at"}
            for batch in batched(records, 100):  # the cost of a statement grows with its square
                self.unrecorded().filter(pk__in=[record.pk for record in batch]).update(
                    **{name: self.value_per_record(name, batch) for name in sorted(written)},
                    version=F("version") + 1,
                    updated_at=now,
                )
            record_entries(self.model, records, Entry.CHANGED, blind_fields)

    def value_per_record(self, name: str, records: Iterable[Any]) -> Cast:
        """Return an expression for a field's value in memory, for a statement that writes several records."""
        field: Any = self.model._meta.get_field(name)
        values = (When(pk=one.pk, then=Value(getattr(one, field.attname), field)) for one in records)
        return Cast(Case(*values, output_field=field), field)

    def update(self, **values: Any) -> int:
        """Set the same values on all these records; those that differ get a new version.

        Django calls this for ``team.heroes.add(hero)``.

        Returns:
            the number of records that differed.

        Raises:
            TypeError: a value is an expression, whose result only the database knows.
        """
        columns = self.columns(values)
        with atomic_change_set():
            changed = [
                record
                for record in self.locked()
                if any(getattr(record, name) != value for name, value in columns.items())
            ]
            now = timezone.now()
            for batch in batched(changed, self.batch_size):
                rows = self.unrecorded().filter(pk__in=[record.pk for record in batch])
                rows.update(**columns, version=F("version") + 1, updated_at=now)
            for record in changed:
                for name, value in columns.items():
                    setattr(record, name, value)
                record.version, record.updated_at = record.version + 1, now
            record_entries(self.model, changed, Entry.CHANGED)
            return len(changed)

    update.alters_data = True  # type: ignore[attr-defined]

    def columns(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``values`` as they are stored, with their folded copies."""
        columns: dict[str, Any] = {}
        for name, value in values.items():
            if hasattr(value, "resolve_expression"):
                raise TypeError(
                    f"The history can't record an expression for {name}. Load the records, and save each."
                )
            field: Any = self.model._meta.get_field(name)
            columns[field.attname] = field.get_prep_value(getattr(value, "pk", value))
        folded = {field.attname: field for field in self.model.folded_fields() if field.of in columns}
        return columns | {name: field.fold(columns[field.of]) for name, field in folded.items()}

    def find_errors(
        self, records: Mapping[int, Any], known: Collection[tuple[int, str]] = ()
    ) -> Iterator[tuple[int, str, ValidationError]]:
        """Find the errors that need a query: names taken, in the database or among ``records``, and links
        to records that don't exist.

        Args:
            records: the records, each under a number of the caller's choice.
            known: numbers and fields whose errors are known, and which the database can't look up.

        Yields:
            the number of the record, the field and the error.
        """
        named = {number: record for number, record in records.items() if (number, "name") not in known}
        keys = {number: fold(record.name) for number, record in named.items()}
        owners: dict[str, tuple[Any, str]] = {}
        for batch in batched(list(keys.values()), self.batch_size):
            found = self.model.objects.filter(name_key__in=batch).values_list("name_key", "pk", "name")
            owners |= {key: (pk, name) for key, pk, name in found}
        for number, record in named.items():
            owner, name = owners.setdefault(keys[number], (record.pk or record, record.name))
            if owner != (record.pk or record):
                yield number, "name", self.model.name_taken_error(name)
        for link in self.model.link_names():
            field = self.model._meta.get_field(link)
            targets = {number: getattr(record, field.attname) for number, record in records.items()}
            existing: set[int | None] = {None}
            ids = sorted({key for key in targets.values() if is_id_number(key)})
            for batch in batched(ids, self.batch_size):
                existing |= set(field.related_model.objects.filter(pk__in=batch).values_list("pk", flat=True))
            for number, target in targets.items():
                if target not in existing and (number, link) not in known:
                    yield number, link, ValidationError(field.error_messages["invalid"], code="invalid")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete these records, after emptying the links to them, each with a version and a history entry."""
        with atomic_change_set():
            deleted = self.delete_all(self.locked())
            return deleted, {self.model._meta.label: deleted}

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def delete_all(self, records: Sequence[Any]) -> int:
        """Delete ``records``, which must be locked, as :meth:`delete` does. Return their number.

        A single one need not be locked: it is deleted only if it is still at its version.
        """
        is_one = deletes_in_one_statement(self.model) and len(records) == 1
        with atomic_change_set(savepoint=False, is_one_statement=is_one):
            for batch in batched(records, self.batch_size):
                for link, linking in self.linking_records([record.pk for record in batch]):
                    linking.update(**{link.name: None})
            now = timezone.now()
            for record in records:
                record.version, record.updated_at = record.version + 1, now
            if len(records) == 1:
                [record] = records
                return int(RecordWriter(record).delete(record.version - 1) is not None)
            for batch in batched(records, self.batch_size):
                self.unrecorded().filter(pk__in=[record.pk for record in batch]).delete()
            record_entries(self.model, records, Entry.DELETED)
            return len(records)

    def locked(self) -> list[Any]:
        """Load and lock the records, in the order in which everyone locks several: by id."""
        return list(self.order_by("pk").select_for_update())

    def linking_records(self, keys: Iterable[Any]) -> Iterator[tuple[RecordForeignKey, "RecordQuerySet"]]:
        """Yield each link to this record type, with the records that link to one of ``keys``."""
        for link in self.model.incoming_links():
            yield link, link.model.objects.filter(**{f"{link.name}__in": list(keys)})

    def deletion_effects(self) -> list[str]:
        """Return what else deleting these records would change, a sentence each."""
        keys = list(self.values_list("pk", flat=True))
        counts = ((link, linking.count()) for link, linking in self.linking_records(keys))
        return [link.deletion_effect % {"count": count} for link, count in counts if count]
