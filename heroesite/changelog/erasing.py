"""Erases a value that must not be stored, such as a secret that was typed into the wrong field."""

import json
import re
from collections.abc import Collection, Iterable
from itertools import chain, count
from urllib.parse import quote, quote_plus

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q, TextField
from django.db.models.functions import Cast
from django.dispatch import Signal
from django.http import QueryDict
from django.utils.html import escape
from django_tasks_db.models import DBTaskResult

from heroesite.api.models import IdempotencyKey
from heroesite.records.audit.change_sets import ChangeSet, Source, atomic_change_set
from heroesite.records.models import Record, SavedView
from heroesite.records.models.fields import LineField
from heroesite.records.models.saved_views import LONGEST_QUERY
from heroesite.text import fold

ERASED = "(erased)"
value_erased = Signal()
"""Sent in the transaction that erases values from the history of ``sender``, a model, so that other apps
erase their copies.

Arguments:
    pk: the id of the record.
    field: the name of the field.
    versions: the versions of the record at which the field is erased.
    texts: the erased values that are text.
"""


class ValueInUse(Exception):
    """The record has the value now. It has to be changed first."""


def erase(model: type[Record], pk: int, field: str, versions: Collection[int]) -> list[int]:
    """Erase the values that a field of a record had at ``versions``, at every version that had them.

    A text is also erased from the admin's log, stored responses, queued jobs and saved views; receivers of
    :data:`value_erased` erase it from what other apps store. That something was erased, but not what, is
    recorded as a change set.

    Returns:
        the versions that were erased.

    Raises:
        ValueInUse: the record has one of the values now.
    """
    attname = model.attname(field)
    with atomic_change_set():
        history = list(model.history.filter(id=pk).select_for_update().order_by("version"))
        values = {getattr(entry, attname) for entry in history if entry.version in versions}
        values -= {None, ERASED}
        current = model.objects.filter(pk=pk).first()
        if current and getattr(current, attname) in values:
            raise ValueInUse
        found = [entry for entry in history if getattr(entry, attname) in values]
        if field in model.RESTRICTED:  # to erase only the equal ones would reveal which are equal
            found = [entry for entry in history if not current or entry.version != current.version]
        is_text = isinstance(model._meta.get_field(field), LineField)
        for entry in found:
            setattr(entry, attname, ERASED if is_text else None)
            entry.erased = sorted({*entry.erased, field})
            entry.save(update_fields=[attname, "erased"])
        erase_copies(model, pk, field, {value for value in values if isinstance(value, str)})
        erased = [entry.version for entry in found]
        if erased:
            listed = ", ".join(map(str, erased))
            note = f"erase_history: {field} of {model._meta.model_name} {pk}, versions {listed}"
            ChangeSet.objects.create(source=Source.COMMAND, note=note[:200], entry_counts={})
        return erased


def erase_copies(model: type[Record], pk: int, field: str, texts: Collection[str]) -> None:
    """Erase what the history of a record no longer has from everywhere else."""
    erase_in_admin_log(model, pk, texts)
    for text in texts:
        erase_in_responses(text)
        erase_in_queue(text)
        erase_in_saved_views(text)
    history = model.history.filter(id=pk).order_by("version")
    versions = [version for version, erased in history.values_list("version", "erased") if field in erased]
    value_erased.send(sender=model, pk=pk, field=field, versions=versions, texts=texts)


def encodings(text: str) -> set[str]:
    """Return a text as it is written plainly and within JSON, JSON pointers, URLs and HTML."""
    in_json = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    in_pointers = {written.replace("~", "~0").replace("/", "~1") for written in in_json}
    in_urls = {quote(text), quote(text, safe=""), quote_plus(text)}
    return {text, str(escape(text)), *in_json, *in_pointers, *in_urls}


def containing(text: str, *fields: str) -> Q:
    """Return the condition that one of ``fields`` contains a text, however it is encoded."""
    condition = Q()
    for field in fields:
        for written in encodings(text):
            condition |= Q(**{f"{field}__icontains": written})
    return condition


def erase_in_admin_log(model: type[Model], pk: int, texts: Iterable[str]) -> None:
    """Erase texts from the names under which the admin has logged changes to a record."""
    logged = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model), object_id=str(pk))
    logged.filter(object_repr__in=texts).update(object_repr=ERASED)


def erase_in_responses(text: str) -> None:
    """Replace a text in the responses stored for retries; delete those that have it within another text."""
    for value in (json.dumps(text, ensure_ascii=False), json.dumps(text)):
        for key in IdempotencyKey.objects.filter(body__contains=value).select_for_update():
            key.body = key.body.replace(value, json.dumps(ERASED))
            key.save(update_fields=["body"])
    IdempotencyKey.objects.filter(containing(text, "body")).delete()


def erase_in_queue(text: str) -> None:
    """Delete jobs that have a text in their arguments or error; the site's own jobs have ids only."""
    jobs = DBTaskResult.objects.annotate(arguments=Cast("args_kwargs", TextField()))
    jobs.filter(containing(text, "arguments", "traceback", "exception_class_path")).delete()


def erase_in_saved_views(text: str) -> None:
    """Replace the values and names in saved views that have a text as one or more whole words, in any case.

    A view is deleted if its query would become too long.
    """
    words = re.compile(rf"(?<!\w){re.escape(fold(text))}(?!\w)")
    for view in SavedView.objects.order_by("pk").iterator():
        parameters = QueryDict(view.query)
        in_query = any(words.search(fold(value)) for _name, values in parameters.lists() for value in values)
        if not (in_query or words.search(fold(view.name))):
            continue
        if in_query:
            view.query = erased_query(parameters, words)
        if words.search(fold(view.name)):
            view.name = erased_name(view)
        if len(view.query) > LONGEST_QUERY:
            view.delete()
        else:
            view.save()


def erased_query(parameters: QueryDict, words: re.Pattern[str]) -> str:
    """Return a query with each value that has ``words`` replaced, so that it finds no more than before."""
    erased = parameters.copy()
    for name, values in parameters.lists():
        erased.setlist(name, [ERASED if words.search(fold(value)) else value for value in values])
    return erased.urlencode()


def erased_name(view: SavedView) -> str:
    """Return a name that no other view of the same user and list has."""
    others = SavedView.objects.filter(user=view.user_id, kind=view.kind).values_list("name_key", flat=True)
    taken, names = set(others), chain([ERASED], (f"{ERASED} {number}" for number in count(2)))
    return next(name for name in names if fold(name) not in taken)
