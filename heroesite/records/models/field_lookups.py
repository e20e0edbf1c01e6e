"""Look up what follows from the fields of a record type: labels, attributes and links."""

from functools import cache
from typing import Any, ClassVar

from django.utils.text import capfirst
from django.utils.translation import pgettext

from .fields import FoldedField, RecordForeignKey


class FieldLookups:
    """The part of :class:`.base.Record` that describes its fields."""

    FIELDS: ClassVar[tuple[str, ...]]
    _meta: Any

    @classmethod
    def label(cls, field: str) -> str:
        """Return a field's verbose name, capitalized."""
        return capfirst(cls.verbose_name_of(field))

    @classmethod
    def verbose_name_of(cls, field: str) -> str:
        return str(cls._meta.get_field(field).verbose_name)

    @classmethod
    def object_name_of(cls, field: str) -> str:
        """Return a field's verbose name as the object of a verb, which some languages inflect."""
        return pgettext("object", cls.verbose_name_of(field))

    @classmethod
    @cache
    def attname(cls, field: str) -> str:
        """Return the attribute with a field's stored value: for a link, the id."""
        attname: str = cls._meta.get_field(field).attname
        return attname

    @classmethod
    @cache
    def attnames(cls) -> dict[str, str]:
        """Return :meth:`attname` of each field that users fill in, by field name."""
        return {name: cls.attname(name) for name in cls.FIELDS}

    @classmethod
    @cache
    def link_names(cls) -> tuple[str, ...]:
        """Return the names of the fields that link to other records."""
        return tuple(field.name for field in cls._meta.fields if isinstance(field, RecordForeignKey))

    @classmethod
    @cache
    def incoming_links(cls) -> tuple[RecordForeignKey, ...]:
        """Return the links from other record types to this one."""
        links = (relation.field for relation in cls._meta.related_objects)
        return tuple(link for link in links if isinstance(link, RecordForeignKey))

    @classmethod
    @cache
    def automatic_fields(cls) -> frozenset[str]:
        """Return the names of the fields that no interface sets."""
        return frozenset(field.name for field in cls._meta.fields) - set(cls.FIELDS)

    @classmethod
    @cache
    def folded_fields(cls) -> tuple[FoldedField, ...]:
        return tuple(field for field in cls._meta.fields if isinstance(field, FoldedField))
