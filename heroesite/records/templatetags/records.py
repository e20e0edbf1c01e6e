"""Showing the fields of a record, whatever its kind."""

from shlex import quote
from typing import Any

from django import template
from django.utils.html import format_html

from heroesite.records.emblems import emblem
from heroesite.records.models.base import Record
from heroesite.records.models.fields import RecordForeignKey

register = template.Library()


@register.filter
def value(record: Record, name: str) -> Any:
    """A field of ``record`` for reading."""
    content = getattr(record, name)
    return none(record._meta, name) if content is None else shown(content)


@register.filter
def none(kind: Any, name: str) -> Any:
    """What stands where a field of ``kind``, a model's ``_meta``, is empty."""
    field = kind.get_field(name)
    return (
        format_html('<span class="quiet">{}</span>', field.empty_label)
        if isinstance(field, RecordForeignKey)
        else "–"
    )


@register.filter
def shown(content: Any) -> Any:
    """A value for reading: a link where it is a record itself, a dash where it is empty."""
    if isinstance(content, Record):
        return format_html('<a class="chip" href="{}"><bdi>{}</bdi></a>', content.get_absolute_url(), content)
    return "–" if content is None else content


@register.filter
def label(kind: Any, name: str) -> str:
    """What people call a field of ``kind``, a model's ``_meta``."""
    return kind.model.label(name)


@register.filter
def noun(kind: Any, name: str) -> str:
    """What a field of ``kind`` is called within a sentence."""
    return kind.model.verbose_name_of(name)


@register.filter
def curl(address: str) -> str:
    """A line for a shell that gets an address."""
    return f"curl {quote(address)}"


@register.filter
def object_name(kind: Any, name: str) -> str:
    """Return the name of a field of ``kind`` as the object of a verb."""
    return kind.model.object_name_of(name)


register.filter("emblem", emblem)


@register.filter
def get(mapping: Any, key: str) -> Any:
    return mapping.get(key)
