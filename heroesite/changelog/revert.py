"""Revert a record to an earlier version."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from heroesite.records.audit.change_sets import atomic_change_set
from heroesite.records.audit.entries import Entry
from heroesite.records.models.base import Record
from heroesite.records.permissions import is_allowed, permission_message

WAS_DELETED = gettext_lazy("It was deleted at this version. Choose an earlier one.")


def revert(model: type[Record], entry: Any, user: Any) -> Record:
    """Give a record the values that it had at ``entry``, and restore it if it has been deleted since.

    Returns:
        the saved record.

    Raises:
        PermissionDenied: ``user`` doesn't have the permission to change the record, or to add it if it has
            been deleted.
        ValidationError: the values are no longer valid, the entry is a deletion, or one of its values has
            been erased from the history.
    """
    with atomic_change_set():
        if entry.history_type == Entry.DELETED:
            raise ValidationError(WAS_DELETED, code="deleted")
        if entry.erased:
            raise ValidationError(
                _("A value of this version has been erased from the history."), code="erased"
            )
        record = model.load(entry.id, lock=True)
        check_permission(user, model, exists=record is not None)
        if record is None:
            record = model.from_deleted_entry(entry)
            record.full_clean()
            record.save(
                blind_fields=model.RESTRICTED
            )  # or the history would reveal whether the value differs
            return record
        for attname in model.attnames().values():
            setattr(record, attname, getattr(entry, attname))
        record.full_clean()
        record.save(blind_fields=restricted_fields_changed_since(model, entry))
        return record


def check_permission(user: Any, model: type[Record], *, exists: bool) -> None:
    """Check that ``user`` can revert a record.

    Args:
        exists: whether the record exists; a deleted one is added again.

    Raises:
        PermissionDenied: the permission to change or add records is missing.
    """
    action = "change" if exists else "add"
    if not is_allowed(user, action, model):
        raise PermissionDenied(permission_message(action, model))


def restricted_fields_changed_since(model: type[Record], entry: Any) -> set[str]:
    """Return the restricted fields that an entry after ``entry`` changed, without loading the entries."""
    later = model.history.filter(id=entry.id, version__gt=entry.version).order_by()
    blind = set().union(*later.values_list("blind_fields", flat=True).distinct())
    attnames = {name: model.attname(name) for name in model.RESTRICTED}
    return blind | {
        name for name, at in attnames.items() if later.exclude(**{at: getattr(entry, at)}).exists()
    }
