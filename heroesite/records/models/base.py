"""The base class of every record: a name, a version, timestamps, and how it is validated and saved."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, NamedTuple, Self

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import connections, models, router
from django.db.models import Q
from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from heroesite.database.statements import InstanceStatement, Row, Statement
from heroesite.ids import is_id_number
from heroesite.records.audit.change_sets import atomic_change_set
from heroesite.records.audit.entries import VersionHistory
from heroesite.records.audit.writing import RecordWriter, writes_in_one_statement
from heroesite.text import fold

from .constraints import FieldCheckConstraint
from .field_lookups import FieldLookups
from .fields import MAX_FOLDING_GROWTH, FoldedField, LineField, SearchKeyField
from .history_lookups import HistoryLookups
from .querysets import RecordQuerySet


class StaleRecord(Exception):
    """The record was changed or deleted after this instance was loaded."""


class CreationData(NamedTuple):
    """What was looked up before a record is validated, so that validation needn't query it.

    Attributes:
        name_key: a folded name.
        owners: the ids and names of the records that have it.
        links: linked records, by field name.
    """

    name_key: str
    owners: Sequence[Row]
    links: Mapping[str, "Record"]


class Record(FieldLookups, HistoryLookups, models.Model):
    """The base of every record type.

    A subclass lists in ``FIELDS`` the fields that users fill in, in display order, and in ``RESTRICTED``
    those that require a permission to see, each with that permission. Forms, admin, API, filters and lists
    follow from these two. ``AUTOMATIC`` are the fields that are set automatically.
    """

    FIELDS: ClassVar[tuple[str, ...]]
    RESTRICTED: ClassVar[dict[str, str]] = {}
    AUTOMATIC: ClassVar = ("version", "created_at", "updated_at")

    name = LineField(_("name"), max_length=100)
    # Declared although LineField would add it, because ordering and constraints below refer to it.
    name_key = FoldedField(of="name", max_length=100 * MAX_FOLDING_GROWTH)
    search_key = SearchKeyField(of="name")
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("last changed"), auto_now=True)

    objects = RecordQuerySet.as_manager()
    history: Any = VersionHistory()

    class Meta:
        abstract = True
        base_manager_name = "objects"  # used by Django to write links from the other side
        ordering = ["name_key", "id"]
        indexes = [
            # A search for many names compares their keys in the index that sorts them.
            models.Index(fields=["name_key", "id", "search_key"]),
            *(models.Index(fields=[name, "id"]) for name in ("version", "created_at", "updated_at")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["name_key"], name="%(app_label)s_%(class)s_name_unique"),
            FieldCheckConstraint(condition=Q(version__gte=1), name="%(app_label)s_%(class)s_version_from_1"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(
        self,
        *,
        force_insert: Any = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
        blind_fields: Collection[str] = (),
    ) -> None:
        """Save under the version that was loaded, and record the change in the history.

        If no value differs, nothing is written. After a rollback, the instance is ahead of the database:
        reload it.

        Args:
            force_update: has no effect, because updating a row that doesn't exist is always an error.
            using: None, or the database that the router chooses.
            blind_fields: restricted fields that were written by a user who can't see them. They count as
                changed even if no value differs.

        Raises:
            StaleRecord: the record was changed or deleted after it was loaded.
            IntegrityError: another write took the name after it was validated; see
                :mod:`heroesite.records.retries`.
            ValueError: ``version`` is deferred, or ``using`` is another database.
        """
        if using not in (None, router.db_for_write(type(self), instance=self)):
            raise ValueError(f"Records aren't written to the database {using}.")
        if self._state.adding or force_insert:
            self._insert(blind_fields)
            self._loaded = self.field_values()
            return
        stored, values = self.stored_values(), self.field_values()
        names = set(self.FIELDS if update_fields is None else update_fields)
        writable = {attname for name, attname in self.attnames().items() if {name, attname} & names}
        changed = {
            name: value
            for name, value in values.items()
            if name in writable and (name not in stored or stored[name] != value)
        }
        if changed or blind_fields:
            fields = {name for name, attname in self.attnames().items() if attname in changed}
            self._update(fields, blind_fields)
            self._loaded = {**stored, **changed}

    def get_absolute_url(self) -> str:
        return reverse(f"{self._meta.app_label}:detail", args=[self.pk])

    # Loading and writing ---------------------------------------------------------------------

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, **kwargs: Any) -> Self:
        record = super().from_db(db, field_names, values, **kwargs)
        record._loaded = (field_names, values)  # compared only when the record is saved
        return record

    @classmethod
    @cache
    def loading_statement(cls, *, lock: bool) -> InstanceStatement:
        """Return the statement that loads a record together with those that it links to."""
        connection = connections[router.db_for_write(cls)]
        table = connection.ops.quote_name(cls._meta.db_table)
        suffix = f" FOR UPDATE OF {table}" if lock and connection.features.has_select_for_update_of else ""
        return InstanceStatement(cls.objects.filter(pk=0).order_by(), cls.link_names(), suffix)

    @classmethod
    def load(cls, pk: int, *, lock: bool = False) -> Self | None:
        """Load a record together with the records that it links to.

        Args:
            lock: whether to lock the record for the rest of the transaction.
        """
        record: Self | None = cls.loading_statement(lock=lock).load(pk) if is_id_number(pk) else None
        return record

    _loaded: Any = None

    def field_values(self) -> dict[str, Any]:
        """Return the loaded values of the fields that users fill in, by attribute name."""
        loaded = self.__dict__
        return {name: loaded[name] for name in self.attnames().values() if name in loaded}

    def stored_values(self) -> dict[str, Any]:
        """Return :meth:`field_values` at the time when the record was loaded or last saved."""
        loaded = self._loaded or {}
        if not isinstance(loaded, Mapping):
            loaded = self._loaded = dict(zip(*loaded, strict=True))
        return {name: loaded[name] for name in self.attnames().values() if name in loaded}

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """Reload the record; Django calls this with ``fields`` to load a deferred field."""
        super().refresh_from_db(*args, **kwargs)
        if fields := kwargs.get("fields"):
            names = {self.attname(name) for name in fields}
            reloaded = {name: value for name, value in self.field_values().items() if name in names}
            self._loaded = {**self.stored_values(), **reloaded}
        else:
            self._loaded = self.field_values()

    def _insert(self, blind_fields: Collection[str]) -> None:
        """Insert the row; a restored record has its former id."""
        signal = self._signal(None)
        self._prepare_related_fields_for_save(operation_name="save")  # type: ignore[attr-defined]
        with atomic_change_set(savepoint=False, is_one_statement=writes_in_one_statement(type(self))):
            pre_save.send(**signal)
            self.pk = RecordWriter(self, blind_fields).insert()
            self._state.adding, self._state.db = False, signal["using"]
            post_save.send(**signal, created=True)

    def _update(self, names: set[str], blind_fields: Collection[str]) -> None:
        """Write these fields to the row at the loaded version."""
        if "version" in self.get_deferred_fields():
            raise ValueError(
                "A record can't be saved without the version that was loaded. Load the field version too."
            )
        signal = self._signal(frozenset(names))
        fields: list[Any] = [self._meta.get_field(name) for name in sorted(self.with_dependent_fields(names))]
        with atomic_change_set(savepoint=False, is_one_statement=writes_in_one_statement(type(self))):
            pre_save.send(**signal)
            version = self.version
            self.version += 1
            if RecordWriter(self, blind_fields).update(fields, version) is None:
                self.version = version
                name, pk = self._meta.verbose_name, self.pk
                raise StaleRecord(f"{name} {pk} is no longer at version {version}.")
            post_save.send(**signal, created=False)

    def _signal(self, update_fields: frozenset[str] | None) -> dict[str, Any]:
        """Return the arguments of Django's signals around a write."""
        return {
            "sender": type(self),
            "instance": self,
            "raw": False,
            "using": router.db_for_write(type(self), instance=self),
            "update_fields": update_fields,
        }

    @classmethod
    def with_dependent_fields(cls, names: Iterable[str]) -> set[str]:
        """Return ``names`` and the fields that are always written with them."""
        written = set(names)
        folded = {field.name for field in cls.folded_fields() if field.of in written}
        return written | folded | {"version", "updated_at"}

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the record, after emptying the links to it, each with a version and a history entry."""
        return type(self).objects.filter(pk=self.pk).delete()

    def deletion_effects(self) -> list[str]:
        """Return what else deleting the record would change, a sentence each."""
        return type(self).objects.filter(pk=self.pk).deletion_effects()

    # Validation ------------------------------------------------------------------------------

    def unchanged_fields(self) -> set[str]:
        """Return the fields whose values are stored, and were validated when they were written.

        Restricted fields are always validated: accepting an invalid value would reveal that it is stored.
        """
        stored = {} if self._state.adding else self.stored_values()
        values = self.field_values()
        return {
            name
            for name, attname in self.attnames().items()
            if name not in self.RESTRICTED and attname in stored and values.get(attname) == stored[attname]
        }

    def clean_fields(self, exclude: Any = None) -> None:
        """Validate each field that has changed; an optional line without text becomes ``None``."""
        exclude = {*(exclude or ()), *self.unchanged_fields()}
        for name in self.FIELDS:
            field = self._meta.get_field(name)
            if isinstance(field, LineField) and name not in exclude:
                setattr(self, name, field.empty_to_none(getattr(self, name)))
        super().clean_fields(exclude=exclude)

    def validate_unique(self, exclude: Any = None) -> None:
        """Check that a changed name isn't taken, ignoring case. The error belongs to the field ``name``."""
        super().validate_unique(exclude=exclude)
        if "name" in {*(exclude or ()), *self.unchanged_fields()}:
            return
        key, known, self._creation_data = fold(self.name), self._creation_data, None
        owners = known.owners if known and known.name_key == key else self.name_statement().execute(key)
        for pk, name in owners:
            if pk != self.pk:
                raise ValidationError({"name": self.name_taken_error(name)})

    _creation_data: CreationData | None = None

    def use_creation_data(self, creation_data: CreationData) -> None:
        """Validate once with what was looked up, as far as this record has these values."""
        self._creation_data = creation_data
        for name, linked in creation_data.links.items():
            field: Any = self._meta.get_field(name)
            if getattr(self, field.attname) == linked.pk:
                field.set_cached_value(self, linked)

    @classmethod
    @cache
    def name_statement(cls) -> Statement:
        """Return the statement that finds the ids and names of the records with a folded name."""
        return Statement(cls.objects.filter(name_key="").order_by().values_list("pk", "name"))

    @classmethod
    def name_taken_error(cls, name: str) -> ValidationError:
        message = _("There is already a %(model)s named “%(name)s”. Choose another name.")
        params = {"model": cls._meta.verbose_name, "name": name}
        return ValidationError(message, code="unique", params=params)

    def validate_constraints(self, exclude: Any = None) -> None:
        """Check constraints across fields, if there are any; :meth:`validate_unique` reports the name's."""
        if self._has_constraints_across_fields():
            super().validate_constraints(exclude={*(exclude or ()), "name_key"})

    @classmethod
    @cache
    def _has_constraints_across_fields(cls) -> bool:
        return any(
            not isinstance(constraint, FieldCheckConstraint)
            and getattr(constraint, "fields", None) != ("name_key",)
            for constraint in cls._meta.constraints
        )


@receiver(pre_save)
def reject_fixtures(instance: Any, raw: bool, **kwargs: Any) -> None:
    """Reject fixtures of ``loaddata``, which doesn't call ``save``."""
    if raw and isinstance(instance, Record):
        raise CommandError(
            "Records can't be loaded from fixtures, which have no validation, versions or history. Use the"
            " API, or copy the whole database with the database's own tools."
        )


def record_models() -> list[type[Record]]:
    """Return the model of every record type."""
    return [model for model in apps.get_models() if issubclass(model, Record)]
