"""Query strings as forms, which refuse what they do not know."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorList
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from heroesite.form_fields import ISODateTimeField
from heroesite.records.filters.filters import NamesField
from heroesite.records.filters.sparse_fields import SparseFields
from heroesite.text import printable

KEPT = ("ordering", "limit", "fields", "omit", "expand")
"""Parameters that say how records are shown, and hold for the next page as well."""
PAGING = (*KEPT, "offset", "cursor")
"""Parameters that leave no record out."""
MAX_ERRORS = 20
"""Faults of a query that one answer tells."""


class QueryForm(forms.Form):
    """The query string as a form that refuses what it does not know, is told twice, or has no value.

    ``takes_empty`` is for forms that a page sends, with what nobody has filled in.
    """

    takes_empty = False

    def full_clean(self) -> None:
        super().full_clean()
        for key in self.data:
            if len(self.errors) == MAX_ERRORS:
                break
            if key not in self.fields:
                near = get_close_matches(key, self.fields, n=1)
                words = (
                    _("There is no such parameter. Did you mean “{names}”?")
                    if near
                    else _("There is no such parameter; there are: {names}.")
                )
                self.refuse(key, format_lazy(words, names=", ".join(near or self.fields)), "unknown")
            elif hasattr(self.data, "getlist") and len(self.data.getlist(key)) > 1:
                self.refuse(key, _("Give this parameter once."), "repeated")
            elif key not in self.errors and self.is_empty(key):
                self.refuse(key, _("Give this parameter a value, or leave it out."), "empty")

    def is_empty(self, key: str) -> bool:
        """Whether a parameter has no value where it wants one; blanks are none, but for a text."""
        value = self.data[key]
        if value.strip():
            return False
        return not self.takes_empty or (bool(value) and self.cleaned_data[key] is None)

    @property
    def told(self) -> list[tuple[Any, str, ErrorList]]:
        """What is wrong: the label of each faulty parameter, the id of its field if it has one, the words."""
        fields = set(self.fields) - set(PAGING)
        return [
            (self[name].label, self[name].id_for_label, faults) if name in fields else (name, "", faults)
            for name, faults in self.errors.items()
        ]

    def refuse(self, key: str, message: Any, code: str) -> None:
        errors: Any = self.errors
        errors[printable(key)] = ErrorList([ValidationError(message, code=code)])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        SparseFields.asked(values).check(getattr(self.fields.get("expand"), "names", ()))
        if values.get("cursor") and values.get("offset") is not None:
            raise ValidationError({"offset": ValidationError(_("Give cursor or offset."), code="cursor")})
        return values


class AsOfForm(QueryForm):
    """The query of one record: as it is, or as it was then."""

    as_of = ISODateTimeField(required=False)


class OneRecordForm(AsOfForm):
    """The query of one record at the API, which can be narrowed to some of its members.

    Args:
        names: all of them.
    """

    def __init__(self, *args: Any, names: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("fields", "omit"):
            self.fields[name] = NamesField(names=names, required=False)

    @property
    def shape(self) -> SparseFields:
        return SparseFields.asked(self.cleaned_data)


class FlagField(forms.Field):
    """``true`` or ``false``, and nothing that might be taken for one of them."""

    default_error_messages = {"invalid": _("Write true or false.")}
    answers = {None: False, "false": False, "true": True}

    def to_python(self, value: Any) -> bool:
        if value not in self.answers:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return self.answers[value]


class WriteForm(QueryForm):
    """The query of a write: whether it is only rehearsed."""

    dry_run = FlagField(required=False)
