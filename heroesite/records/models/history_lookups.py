"""Look up history entries of records, and the records that have been deleted."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Self

from heroesite.records.audit.entries import Entry


class HistoryLookups:
    """The part of :class:`.base.Record` that reads the history."""

    _meta: Any
    objects: Any
    history: Any
    version: Any

    @classmethod
    def deletion_entry(cls, pk: Any) -> Any:
        """Return the last history entry of a deleted record, or ``None`` if no such record was deleted."""
        last = cls.history.filter(id=pk).select_related("change_set").first()
        return last if last and last.history_type == Entry.DELETED else None

    @classmethod
    def entry_as_of(cls, pk: Any, instant: datetime) -> Any:
        """Return the last history entry of a record at an instant, or ``None`` if it had none yet."""
        entries = cls.history.filter(id=pk, history_date__lte=instant).select_related("change_set")
        return entries.order_by("-version").first()

    @classmethod
    def entries_at(cls, wanted: Collection[tuple[int, int]]) -> dict[tuple[int, int], Any]:
        """Return the history entries with these ids and versions, by id and version."""
        keys, versions = {pk for pk, _version in wanted}, {version for _pk, version in wanted}
        entries = cls.history.filter(id__in=keys, version__in=versions)
        return {(entry.id, entry.version): entry for entry in entries if (entry.id, entry.version) in wanted}

    @classmethod
    def records_or_last_names(cls, keys: Iterable[Any]) -> dict[Any, Any]:
        """Return for each id the record or, if it was deleted, its last name."""
        found: dict[Any, Any] = {**cls.objects.in_bulk(set(keys))}
        if missing := set(keys) - set(found):
            deleted = cls.history.filter(id__in=missing, history_type=Entry.DELETED).order_by("version")
            found |= dict(deleted.values_list("id", "name"))
        return found

    @classmethod
    def from_deleted_entry(cls, entry: Any) -> Self:
        """Return a deleted record with the values of ``entry``, unsaved and with the latest version."""
        record: Self = entry.instance
        record.version = cls.history.filter(id=entry.id).values_list("version", flat=True)[:1].get() + 1
        for name in entry.erased:  # the user has to fill these in again
            field: Any = cls._meta.get_field(name)
            setattr(record, field.attname, None if field.null else "")
        return record
