"""Forgetting a value that must not be kept: a secret that was typed into the wrong field."""

import json
from collections.abc import Iterable

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django_tasks_db.models import DBTaskResult

from heroesite.api.models import IdempotencyKey
from heroesite.records.audit.change_sets import ChangeSet, Source, atomic_change_set
from heroesite.records.models.base import Record
from heroesite.records.models.fields import LineField

ERASED = "(erased)"


class ValueInUse(Exception):
    """The record itself has the value, which has to be changed first."""


def erase(kind: type[Record], pk: int, field: str, versions: Iterable[int]) -> list[int]:
    """Erase the values that a field had at some versions, wherever the record's history has them.

    Texts are forgotten by the admin's log, which keeps names, by the answers kept for writes that are sent
    again, and by the queue of jobs as well. That something was erased, and not what, is itself recorded as a
    change set.

    Returns:
        the versions that were erased.

    Raises:
        ValueInUse: the record has one of the values now.
    """
    attname = kind.attname(field)
    with atomic_change_set():
        history = kind.history.filter(id=pk).select_for_update()
        values = {getattr(entry, attname) for entry in history.filter(version__in=versions)}
        values -= {None, ERASED}
        if kind.objects.filter(pk=pk, **{f"{attname}__in": values}).exists():
            raise ValueInUse
        found = [entry for entry in history.order_by("version") if getattr(entry, attname) in values]
        if field in kind.RESTRICTED:  # which others are equal would answer blind_writes: all that are past go
            current = kind.objects.filter(pk=pk).values_list("version", flat=True).first()
            found = [entry for entry in history.order_by("version") if entry.version != current]
        for entry in found:
            is_text = isinstance(kind._meta.get_field(field), LineField)
            setattr(entry, attname, ERASED if is_text else None)
            entry.erased = sorted({*entry.erased, field})
            entry.save(update_fields=[attname, "erased"])
        texts = {value for value in values if isinstance(value, str)}
        forget_in_admin_log(kind, pk, texts)
        for text in texts:
            forget_in_answers(text)
            forget_in_queue(text)
        erased = [entry.version for entry in found]
        if erased:
            told = ", ".join(map(str, erased))
            note = f"erase_history: {field} of {kind._meta.model_name} {pk}, versions {told}"
            ChangeSet.objects.create(door=Source.COMMAND, note=note[:200])
        return erased


def forget_in_admin_log(kind: type[Record], pk: int, texts: set[str]) -> None:
    logged = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(kind), object_id=str(pk))
    logged.filter(object_repr__in=texts).update(object_repr=ERASED)


def forget_in_answers(text: str) -> None:
    """An answer that is replayed later has the word for what was erased in it; one that has the text
    within another is forgotten."""
    for written in (json.dumps(text, ensure_ascii=False), json.dumps(text)):
        for kept in IdempotencyKey.objects.filter(body__contains=written).select_for_update():
            kept.body = kept.body.replace(written, json.dumps(ERASED))
            kept.save(update_fields=["body"])
    for written in (json.dumps(text, ensure_ascii=False), json.dumps(text)):
        pointer = written.replace("~", "~0").replace("/", "~1")
        within = Q(body__contains=written[1:-1]) | Q(body__contains=pointer[1:-1])
        IdempotencyKey.objects.filter(within).delete()


def forget_in_queue(text: str) -> None:
    """Jobs are told ids and not texts, as it is; whatever holds the text goes."""
    fragment = json.dumps(text)[1:-1]
    jobs = DBTaskResult.objects.annotate(told=Cast("args_kwargs", TextField()))
    told = Q(told__contains=fragment) | Q(told__contains=text)
    jobs.filter(told | Q(traceback__contains=text) | Q(exception_class_path__contains=text)).delete()
