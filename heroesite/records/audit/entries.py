"""The history of a record: one entry for each version."""

from typing import Any

from django.db import models
from django.db.backends.utils import truncate_name
from django.utils.translation import gettext_lazy as _
from simple_history import manager
from simple_history.models import HistoricalRecords

from heroesite.records.audit.change_sets import ChangeSet, current_change_set_id


class TransactionId(models.Func):
    """The id of a transaction on PostgreSQL.

    Args:
        function: PostgreSQL's function that returns it.
        constant: its replacement on SQLite, which has one writer at a time.
    """

    output_field = models.BigIntegerField()

    def __init__(self, function: str, constant: int) -> None:
        super().__init__()
        self.function_call, self.constant = function, constant

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        return str(self.constant), []

    def as_postgresql(self, *args: Any, **kwargs: Any) -> Any:
        return f"{self.function_call}::text::bigint", []


CURRENT_TRANSACTION = TransactionId("pg_current_xact_id()", 0)


class Action(models.TextChoices):
    """What was done to a record."""

    CREATED = "created", _("created")
    CHANGED = "changed", _("changed")
    DELETED = "deleted", _("deleted")
    RESTORED = "restored", _("restored")


def action_of(history_type: str, has_before: bool) -> Action:
    """Return what an entry did to its record.

    Args:
        has_before: whether the history has an earlier entry of the record. Without one it was created,
            whatever its version.
    """
    if history_type == Entry.CREATED:
        return Action.RESTORED if has_before else Action.CREATED
    return Action.DELETED if history_type == Entry.DELETED else Action.CHANGED


def count_key(model: Any, action: Action) -> str:
    """Return the key in ``ChangeSet.entry_counts``, such as ``heroes.hero.created``."""
    return f"{model._meta.label_lower}.{action.value}"


class Entry(models.Model):
    """A record after a change, or before its deletion.

    ``blind_fields`` names the restricted fields that were written by a user who can't see them. They count as
    changed, even if the value is equal. ``erased`` names the fields whose value has been erased.
    ``transaction`` is the id of the transaction that wrote the entry, see :mod:`heroesite.changelog.feed`.
    """

    CREATED, CHANGED, DELETED = "+", "~", "-"

    change_set = models.ForeignKey(
        ChangeSet, models.PROTECT, default=current_change_set_id, related_name="%(app_label)s_entries"
    )
    blind_fields = models.JSONField(default=list)
    erased = models.JSONField(default=list)
    transaction = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


class HistoryDescriptor(manager.HistoryDescriptor):
    """Returns the manager of a history. django-simple-history would create its class on each access."""

    def __init__(self, descriptor: Any) -> None:
        super().__init__(descriptor.model, descriptor.manager_class, descriptor.queryset_class)
        self.combined_class = self.manager_class.from_queryset(self.queryset_class)

    def __get__(self, instance: Any, owner: Any) -> Any:
        return self.combined_class(self.model, instance)


class VersionHistory(HistoricalRecords):
    """django-simple-history's models and manager. ``Record`` itself writes the entries, singly or in bulk.

    The user is recorded in the change set. An entry is looked up by record and version, which are unique
    together, or by its place in the feed of all changes.
    """

    def __init__(self) -> None:
        super().__init__(bases=[Entry], inherit=True, history_id_field=models.BigAutoField())

    def finalize(self, sender: Any, **kwargs: Any) -> None:
        super().finalize(sender, **kwargs)
        if descriptor := sender.__dict__.get(self.manager_name):
            setattr(sender, self.manager_name, HistoryDescriptor(descriptor))

    def fields_included(self, model: Any) -> list[Any]:
        return [field for field in model._meta.fields if getattr(field, "in_history", True)]

    _date_indexing = False

    def copy_fields(self, model: Any) -> dict[str, Any]:
        fields: dict[str, Any] = super().copy_fields(model)
        for field in fields.values():
            field.db_index = False
        return fields

    def get_meta_options(self, model: Any) -> dict[str, Any]:
        meta = model._meta
        version = models.UniqueConstraint(
            fields=["id", "version"], name=f"{meta.app_label}_{meta.model_name}_version_once"
        )
        names = {
            "verbose_name": _("history entry"),
            "verbose_name_plural": _("history entries"),
            "default_permissions": (),
            "app_label": meta.app_label,
        }
        feed = models.Index(
            fields=["transaction", "history_id"], name=f"{meta.app_label}_{meta.model_name}_feed"
        )
        deleted = models.Index(
            fields=["history_id"],
            name=truncate_name(f"{meta.app_label}_{meta.model_name}_deleted", models.Index.max_name_length),
            condition=models.Q(history_type=Entry.DELETED),
        )
        rules = {"constraints": [version], "indexes": [feed, deleted], "ordering": ["-version"]}
        return {**super().get_meta_options(model), **names, **rules}

    def _get_history_user_fields(self) -> dict[str, Any]:
        return {}

    def _get_history_change_reason_field(self) -> None:
        return None

    def post_save(self, *args: Any, **kwargs: Any) -> None:
        return None

    post_delete = pre_delete = post_save
