"""The history of a record: one entry for each version."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from heroesite.records.audit.change_sets import ChangeSet, current_change_set_id


class TransactionId(models.Func):
    """The number of a transaction on PostgreSQL.

    Args:
        asked: the function that tells it.
        elsewhere: what stands for it where there is one writer at a time.
    """

    output_field = models.BigIntegerField()

    def __init__(self, asked: str, elsewhere: int) -> None:
        super().__init__()
        self.asked, self.elsewhere = asked, elsewhere

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        return str(self.elsewhere), []

    def as_postgresql(self, *args: Any, **kwargs: Any) -> Any:
        return f"{self.asked}::text::bigint", []


CURRENT_TRANSACTION = TransactionId("pg_current_xact_id()", 0)


class Action(models.TextChoices):
    """What was done to a record."""

    CREATED = "created", _("created")
    CHANGED = "changed", _("changed")
    DELETED = "deleted", _("deleted")
    RESTORED = "restored", _("restored")


def action_of(history_type: str, has_before: bool) -> Action:
    """A record that comes into the history for the first time is new, whatever its version."""
    if history_type == Entry.CREATED:
        return Action.RESTORED if has_before else Action.CREATED
    return Action.DELETED if history_type == Entry.DELETED else Action.CHANGED


class Entry(models.Model):
    """A record as one change left it; of a deletion, as it was last.

    ``sent`` names the restricted fields that were written by somebody who may not see them. They count as
    changed, equal or not. ``erased`` names those whose value had to be forgotten. ``transaction`` is the one
    that wrote it, see :mod:`heroesite.changelog.feed`.
    """

    CREATED, CHANGED, DELETED = "+", "~", "-"

    change_set = models.ForeignKey(
        ChangeSet, models.PROTECT, default=current_change_set_id, related_name="%(app_label)s_entries"
    )
    sent = models.JSONField(default=list)
    erased = models.JSONField(default=list)
    transaction = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


class VersionHistory(HistoricalRecords):
    """django-simple-history's models and manager; the entries are written by ``Record`` itself, one by one
    or many at once, and in the statement's own transaction.

    Who did it stands on the change set. An entry is found by record and version, each of which is there
    once, or by its place in the feed of all changes.
    """

    def __init__(self) -> None:
        super().__init__(bases=[Entry], inherit=True, history_id_field=models.BigAutoField())

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
        once = models.UniqueConstraint(
            fields=["id", "version"], name=f"{meta.app_label}_{meta.model_name}_version_once"
        )
        names = {
            "verbose_name": _("history entry"),
            "verbose_name_plural": _("history entries"),
            "default_permissions": (),
            "app_label": meta.app_label,
        }
        told = models.Index(
            fields=["transaction", "history_id"], name=f"{meta.app_label}_{meta.model_name}_feed"
        )
        rules = {"constraints": [once], "indexes": [told], "ordering": ["-version"]}
        return {**super().get_meta_options(model), **names, **rules}

    def _get_history_user_fields(self) -> dict[str, Any]:
        return {}

    def _get_history_change_reason_field(self) -> None:
        return None

    def post_save(self, *args: Any, **kwargs: Any) -> None:
        return None

    post_delete = pre_delete = post_save
