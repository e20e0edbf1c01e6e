"""Revert a record to an earlier version."""

from itertools import pairwise
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from heroesite.records.audit.change_sets import atomic_change_set
from heroesite.records.audit.entries import Entry
from heroesite.records.audit.recording import changed_fields
from heroesite.records.models.base import Record
from heroesite.records.permissions import is_allowed, permission_message


# One record -------------------------------------------------------------------------------
def revert(kind: type[Record], entry: Any, user: Any) -> Record:
    """Give a record the values that it had at ``entry``, and bring it back if it was deleted since.

    Returns:
        the record as it is then.

    Raises:
        PermissionDenied: ``user`` may not change the record, or add it if it was deleted.
        ValidationError: it cannot be as it was: by the rules, since it was deleted then, or since a value
            was erased from the history.
    """
    with atomic_change_set():
        if entry.history_type == Entry.DELETED:
            raise ValidationError(_("It was deleted at this version. Choose an earlier one."), code="deleted")
        if entry.erased:
            raise ValidationError(
                _("A value of this version has been erased from the history."), code="erased"
            )
        record: Any = kind.objects.filter(pk=entry.id).select_for_update().first()
        action = "change" if record else "add"
        if not is_allowed(user, action, kind):
            raise PermissionDenied(permission_message(action, kind))
        if record is None:
            record = kind.from_deleted_entry(entry)
            record.full_clean()
            record.save(sent=kind.RESTRICTED)  # else the history told whether the last secret was another
            return record
        since = list(kind.history.filter(id=entry.id, version__gte=entry.version).order_by("version"))
        fields = set().union(*(changed_fields(kind, one, next_one) for one, next_one in pairwise(since)))
        for name in fields:
            attname = kind.attname(name)
            setattr(record, attname, getattr(entry, attname))
        record.full_clean()
        record.save(sent=fields & set(kind.RESTRICTED))
        return record
