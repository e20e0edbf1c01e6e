"""Forms that validate query strings and reject unknown parameters."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorList
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from heroesite.form_fields import ISODateTimeField
from heroesite.records.filters.filters import BOOLEANS, TRUE_OR_FALSE, ListField, NamesField
from heroesite.records.filters.sparse_fields import SparseFields
from heroesite.records.filters.typed_names import TypedNamesMixin
from heroesite.text import printable

DISPLAY_PARAMETERS = ("ordering", "limit", "count", "fields", "omit", "expand")
"""Parameters that change how records are shown, and stay when the filters change."""
PAGING = (*DISPLAY_PARAMETERS, "offset", "cursor")
"""Parameters that exclude no record."""
MAX_ERRORS = 20
"""Errors that one response lists."""
SYNONYMS = {
    "limit": ("perpage", "pagesize", "size", "max", "maxresults", "take", "top", "rows"),
    "offset": ("page", "pagenumber", "skip", "start", "startat"),
    "count": ("total", "totalcount", "withcount", "includecount"),
    "cursor": ("pagetoken", "nexttoken", "startingafter"),
    "ordering": ("sort", "sortby", "order", "orderby"),
    "search": ("q", "query", "term", "keyword", "filter"),
    "expand": ("include", "embed", "populate", "with"),
    "fields": ("field", "select", "only", "columns", "members"),
    "omit": ("exclude", "except", "without"),
    "id__in": ("id", "ids"),
    "after": ("cursor", "since", "startingafter"),
    "dry_run": ("simulate", "preview", "validateonly"),
}
"""What other APIs call our parameters, in lower case without separators."""


def suggestions(name: str, known: Collection[str]) -> list[str]:
    """Return the known parameter that an unknown one may mean: a synonym, or else the closest name."""
    folded = name.lower().replace("-", "").replace("_", "")
    synonyms = [parameter for parameter, names in SYNONYMS.items() if folded in names and parameter in known]
    return synonyms[:1] or get_close_matches(name, known, n=1)


class QueryForm(TypedNamesMixin, forms.Form):
    """A query string as a form. Unknown, repeated and empty parameters are errors.

    ``allow_empty`` is for the forms on pages: browsers also send the fields that are left blank, and users
    can type the name of a record.
    """

    allow_empty = False

    def full_clean(self) -> None:
        super().full_clean()
        for name in self.data:
            if len(self.errors) == MAX_ERRORS:
                break
            if name not in self.fields:
                self.set_error(name, self.unknown_parameter_message(name), "unknown_parameter")
            elif self.is_repeated(name):
                self.set_error(name, _("Use this parameter only once."), "repeated")
            elif self.is_empty(name):
                self.set_error(name, _("Give this parameter a value, or omit it."), "empty")

    def resolve_names(self) -> None:
        if self.allow_empty:
            super().resolve_names()

    def unknown_parameter_message(self, name: str) -> Any:
        suggested = suggestions(name, self.fields)
        if suggested:
            message = _("Unknown parameter. Did you mean “{names}”?")
        else:
            message = _("Unknown parameter. Use one of: {names}.")
        return format_lazy(message, names=", ".join(suggested or self.fields))

    def is_repeated(self, name: str) -> bool:
        """Return whether a parameter that isn't a list was sent more than once."""
        return (
            hasattr(self.data, "getlist")
            and not isinstance(self.fields[name], ListField)
            and len(self.data.getlist(name)) > 1
        )

    def is_empty(self, name: str) -> bool:
        """Return whether a parameter has no value; on a page, only blanks in a field that isn't text."""
        value = self[name].data
        if value.strip():
            return False
        return not self.allow_empty or (bool(value) and self.cleaned_data.get(name) is None)

    def errors_by_label(self) -> list[tuple[Any, str, ErrorList]]:
        """Return for each invalid parameter its label, the id of its input if it has one, and the errors."""
        inputs = set(self.fields) - set(PAGING)
        return [
            (self[name].label, self[name].id_for_label, errors) if name in inputs else (name, "", errors)
            for name, errors in self.errors.items()
        ]

    def set_error(self, name: str, message: Any, code: str) -> None:
        """Replace the errors of a parameter, which doesn't need to be a field of this form."""
        errors: Any = self.errors
        errors[printable(name)] = ErrorList([ValidationError(message, code=code)])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        SparseFields.from_query(values).check(getattr(self.fields.get("expand"), "names", ()))
        if values.get("cursor") and values.get("offset") is not None:
            error = ValidationError(_("Use either cursor or offset."), code="cursor")
            raise ValidationError({"offset": error})
        if values.get("cursor") and values.get("count"):
            error = ValidationError(_("Use either cursor or count."), code="cursor")
            raise ValidationError({"count": error})
        return values


class AsOfForm(QueryForm):
    """The query of one record, now or at a point in time."""

    as_of = ISODateTimeField(required=False)


class OneRecordForm(AsOfForm):
    """The query of one record at the API, which can select members.

    Args:
        names: the members to select from.
    """

    def __init__(self, *args: Any, names: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("fields", "omit"):
            self.fields[name] = NamesField(names=names, required=False)

    @property
    def sparse_fields(self) -> SparseFields:
        return SparseFields.from_query(self.cleaned_data)


class FlagField(forms.Field):
    """A boolean that is false unless it is sent."""

    default_error_messages = {"invalid": TRUE_OR_FALSE}

    def to_python(self, value: Any) -> bool:
        if value is None:
            return False
        if value not in BOOLEANS:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return BOOLEANS[value]


class WriteForm(QueryForm):
    """The query of a write."""

    dry_run = FlagField(required=False)
