"""What every record has in common: a name, a version, times, rules, and how it is written."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, ClassVar, Self

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from heroesite.records.audit.change_sets import atomic_change_set
from heroesite.records.audit.disclosures import Disclosure as Disclosure
from heroesite.records.audit.entries import Entry, VersionHistory
from heroesite.records.audit.recording import note
from heroesite.records.models.constraints import FieldCheckConstraint, line_length_check
from heroesite.records.models.fields import MAX_FOLDING_GROWTH, FoldedField, LineField, RecordForeignKey
from heroesite.records.models.querysets import RecordQuerySet
from heroesite.records.models.saved_views import SavedView as SavedView


class StaleRecord(Exception):
    """The record was changed or deleted since this copy of it was read."""


LineField.register_lookup(Length)


class Record(models.Model):
    """The base of every kind of record.

    A subclass lists in ``FIELDS`` the fields that people fill in, in the order in which they are
    shown, and in ``RESTRICTED`` those that only holders of a permission may see. Forms, admin, API,
    filters and lists all read these two. ``AUTOMATIC`` are those that the register fills in itself.
    """

    FIELDS: ClassVar[tuple[str, ...]]
    RESTRICTED: ClassVar[dict[str, str]] = {}
    AUTOMATIC: ClassVar = ("version", "created_at", "updated_at")

    name = LineField(_("name"), max_length=100)
    name_key = FoldedField(
        of="name", max_length=100 * MAX_FOLDING_GROWTH
    )  # all that stands on it wants it by name
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("last changed"), auto_now=True)

    objects = RecordQuerySet.as_manager()
    history: Any = VersionHistory()

    class Meta:
        abstract = True
        base_manager_name = "objects"  # by which Django writes links from the other side
        ordering = ["name_key", "id"]
        constraints = [
            models.UniqueConstraint(fields=["name_key"], name="%(app_label)s_%(class)s_name_unique"),
            FieldCheckConstraint(condition=Q(version__gte=1), name="%(app_label)s_%(class)s_version_from_1"),
            line_length_check("name", 100),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *, force_insert: Any = False, sent: Iterable[str] = (), **kwargs: Any) -> None:
        """Write under the version that was read, and into the history; where nothing is changed, nothing
        is written.

        Args:
            sent: restricted fields written by somebody who may not see them, which is a change even where
                no value differs.

        Raises:
            StaleRecord: somebody changed or deleted the record since it was read.
            IntegrityError: another write took the name since it was checked; see
                :mod:`heroesite.records.retries`.
            ValueError: the version is not among the fields that were loaded.

        After a rollback the record in memory is ahead of the stored one: read it again.
        """
        stored = getattr(self, "_stored", None)
        new = self._state.adding or bool(force_insert)
        force_insert = force_insert or (new and self.pk is not None)  # it comes back under its old id
        if not (new or sent) and stored == self.values():
            return
        named = self._named(kwargs.pop("update_fields", None))
        with atomic_change_set(savepoint=False):
            super().save(force_insert=force_insert, force_update=not new, update_fields=named, **kwargs)
            note(type(self), [self], Entry.CREATED if new else Entry.CHANGED, sent)
        values = self.values()
        if named is not None:
            written = {self.attname(name) for name in named} & set(values)
            values = {**(stored or {}), **{name: values[name] for name in written}}
        self._stored = values

    def get_absolute_url(self) -> str:
        return reverse(f"{self._meta.app_label}:detail", args=[self.pk])

    @classmethod
    def deletion_entry(cls, pk: Any) -> Any:
        """The last entry in the history of a record that was deleted; none where there is no such."""
        last = cls.history.filter(id=pk).select_related("change_set").first()
        return last if last and last.history_type == Entry.DELETED else None

    @classmethod
    def entry_as_of(cls, pk: Any, instant: datetime) -> Any:
        """The last entry that the history of a record had at an instant; none where it had none yet."""
        entries = cls.history.filter(id=pk, history_date__lte=instant).select_related("change_set")
        return entries.order_by("-version").first()

    @classmethod
    def entries_at(cls, wanted: Collection[tuple[int, int]]) -> dict[tuple[int, int], Any]:
        """The entries of those ids and versions, as far as there are such."""
        keys, versions = {pk for pk, _version in wanted}, {version for _pk, version in wanted}
        found = cls.history.filter(id__in=keys, version__in=versions)
        return {(entry.id, entry.version): entry for entry in found if (entry.id, entry.version) in wanted}

    @classmethod
    def records_or_last_names(cls, keys: Iterable[Any]) -> dict[Any, "Record | str"]:
        """For each id the record; of one that has gone, the name that it had last."""
        found: dict[Any, Record | str] = {**cls.objects.in_bulk(set(keys))}
        missing = set(keys) - set(found)
        if missing:
            gone = cls.history.filter(id__in=missing, history_type=Entry.DELETED).order_by("version")
            found |= dict(gone.values_list("id", "name"))
        return found

    @classmethod
    def from_deleted_entry(cls, entry: Any) -> Self:
        """A deleted record as ``entry`` has it, to be saved: it keeps its id and goes on in its version."""
        record: Self = entry.instance
        record.version = cls.history.filter(id=entry.id).values_list("version", flat=True)[:1].get() + 1
        for name in entry.erased:  # has to be filled in anew
            field: Any = cls._meta.get_field(name)
            setattr(record, field.attname, None if field.null else "")
        return record

    @classmethod
    def label(cls, field: str) -> str:
        """What people call a field."""
        return capfirst(cls.verbose_name_of(field))

    @classmethod
    def verbose_name_of(cls, field: str) -> str:
        """As :meth:`label`, within a sentence."""
        return str(cls._meta.get_field(field).verbose_name)  # type: ignore[union-attr]

    @classmethod
    def attname(cls, field: str) -> str:
        """The attribute that holds what is stored of a field: the id, where it is a link."""
        attname: str = cls._meta.get_field(field).attname  # type: ignore[union-attr]
        return attname

    @classmethod
    def link_names(cls) -> list[str]:
        """The names of the fields that link to other records."""
        return [field.name for field in cls._meta.fields if isinstance(field, RecordForeignKey)]

    @classmethod
    def incoming_links(cls) -> list[RecordForeignKey]:
        """The links that lead here from records of other kinds."""
        links = (relation.field for relation in cls._meta.related_objects)
        return [link for link in links if isinstance(link, RecordForeignKey)]

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any) -> Self:
        record = super().from_db(db, field_names, values)
        record._stored = record.values()
        return record

    def values(self) -> dict[str, Any]:
        """The values of the fields that people fill in, as far as they are loaded."""
        names = map(self.attname, self.FIELDS)
        return {name: self.__dict__[name] for name in names if name in self.__dict__}

    def _named(self, update_fields: Iterable[str] | None) -> set[str] | None:
        """The fields to write: those that were named, or loaded, and what always goes with them."""
        deferred = self.get_deferred_fields()
        if update_fields is None and not deferred:
            return None
        if "version" in deferred:
            raise ValueError("A record is saved under the version that was read: load version as well.")
        concrete = [field for field in self._meta.concrete_fields if not field.primary_key]
        loaded = {field.name for field in concrete if field.attname not in deferred}
        return self.with_dependent_fields(loaded if update_fields is None else update_fields)

    @classmethod
    def with_dependent_fields(cls, fields: Iterable[str]) -> set[str]:
        """``fields`` and what is always written with them."""
        named = set(fields)
        folded = {
            field.name for field in cls._meta.fields if isinstance(field, FoldedField) and field.of in named
        }
        return named | folded | {"version", "updated_at"}

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """Read again; called by Django with ``fields`` where a deferred one is first looked at."""
        super().refresh_from_db(*args, **kwargs)
        known = getattr(self, "_stored", {}) if kwargs.get("fields") else {}
        self._stored = {**self.values(), **known}

    def validate_unique(self, exclude: Any = None) -> None:
        """A name is taken once, whatever its case, and told on ``name`` by every form."""
        super().validate_unique(exclude=exclude)
        if "name" in (exclude or ()):
            return
        namesake = type(self).objects.named([self.name]).exclude(pk=self.pk).values_list("name").first()
        if namesake:
            raise ValidationError({"name": self.name_taken_error(namesake[0])})

    @classmethod
    def name_taken_error(cls, name: str) -> ValidationError:
        words = _("There is a %(kind)s named “%(name)s” already. Choose another name.")
        return ValidationError(words, code="unique", params={"kind": cls._meta.verbose_name, "name": name})

    def validate_constraints(self, exclude: Any = None) -> None:
        """Constraints across fields; the name's, which ``validate_unique`` has told, is left out."""
        super().validate_constraints(exclude={*(exclude or ()), "name_key"})

    def _save_table(self, raw: bool = False, *args: Any, **kwargs: Any) -> bool:
        """Refuses what ``loaddata`` writes, round ``save``."""
        if raw:
            raise CommandError(
                "Records are not loaded from fixtures, which know no rules, versions and history. Send them"
                " to the API, or copy the whole database by its own means."
            )
        return super()._save_table(raw, *args, **kwargs)  # type: ignore[misc]

    def _do_update(
        self, base_qs: Any, using: Any, pk_val: Any, values: Any, update_fields: Any, forced_update: Any
    ) -> bool:
        """``UPDATE … WHERE id = ? AND version = n``: no row means that somebody was faster."""
        seen = self.version
        values = [
            (field, model, seen + 1 if field.name == "version" else value) for field, model, value in values
        ]
        guarded = base_qs.filter(version=seen)
        if super()._do_update(guarded, using, pk_val, values, update_fields, forced_update):
            self.version = seen + 1
            return True
        if self._state.adding:
            return False
        raise StaleRecord(f"{self._meta.verbose_name} {pk_val} is no longer at version {seen}.")

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete this record; what was linked to it is changed first, version and all."""
        return type(self).objects.filter(pk=self.pk).delete()

    def deletion_effects(self) -> list[str]:
        """What else deleting this record would change, a sentence each."""
        return type(self).objects.filter(pk=self.pk).deletion_effects()


def record_models() -> list[type[Record]]:
    """The kinds of records that there are."""
    return [model for model in apps.get_models() if issubclass(model, Record)]
