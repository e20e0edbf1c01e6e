"""Forgetting a value that must not be kept: a secret that was typed into the wrong field."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType

from heroesite.records.changes import ChangeSet, Door, one_go
from heroesite.records.fields import LineField
from heroesite.records.models import Record

ERASED = "(erased)"


class StillThere(Exception):
    """The record itself has the value, which has to be changed first."""


def erase(kind: type[Record], pk: int, field: str, versions: Iterable[int]) -> list[int]:
    """Erase the values that a field had at some versions, wherever the record's history has them.

    The admin's log, which keeps names, forgets them as well. That something was erased, and not what, is
    itself recorded as a change set.

    Returns:
        the versions that were erased.

    Raises:
        StillThere: the record has one of the values now.
    """
    attname = kind._meta.get_field(field).attname  # type: ignore[union-attr]
    with one_go():
        history = kind.history.filter(id=pk).select_for_update()
        values = {getattr(entry, attname) for entry in history.filter(version__in=versions)}
        values -= {None, ERASED}
        if kind.objects.filter(pk=pk, **{f"{attname}__in": values}).exists():
            raise StillThere
        found = [entry for entry in history.order_by("version") if getattr(entry, attname) in values]
        for entry in found:
            is_text = isinstance(kind._meta.get_field(field), LineField)
            setattr(entry, attname, ERASED if is_text else None)
            entry.erased = sorted({*entry.erased, field})
            entry.save(update_fields=[attname, "erased"])
        forget_in_admin_log(kind, pk, values)
        erased = [entry.version for entry in found]
        if erased:
            told = ", ".join(map(str, erased))
            note = f"erase_history: {field} of {kind._meta.model_name} {pk}, versions {told}"
            ChangeSet.objects.create(door=Door.COMMAND, note=note[:200])
        return erased


def forget_in_admin_log(kind: type[Record], pk: int, values: set[Any]) -> None:
    logged = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(kind), object_id=str(pk))
    logged.filter(object_repr__in=[str(value)[:200] for value in values]).update(object_repr=ERASED)
