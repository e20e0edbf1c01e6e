"""The filters that a query string can contain, each with its form field and its database lookup."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from heroesite.form_fields import ISODateTimeField, LineFormField, PlainTextInput, StrictIntegerField
from heroesite.ids import LARGEST_ID, is_id
from heroesite.records.models.querysets import RecordQuerySet
from heroesite.text import fold, printable, validate_line
from heroesite.validators import range_validators

MAX_SEARCH_WORDS, MAX_TEXT_LENGTH = 10, 200
MAX_IDS = 500
TEXT = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT_LENGTH}
"""The OpenAPI schema of a text parameter."""
TRUE_OR_FALSE = _("Send true or false.")
BOOLEANS = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}
"""The ways in which HTTP clients write booleans."""


class QueryLineField(LineFormField):
    """Text to compare with, under the same rules as stored text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs, validators=[validate_line, MaxLengthValidator(MAX_TEXT_LENGTH)])


class SearchField(QueryLineField):
    widget = PlainTextInput(attrs={"type": "search"})

    def clean(self, value: Any) -> list[str]:
        words = super().clean(value).split()
        if len(words) > MAX_SEARCH_WORDS:
            message = _("Search for at most %(most)d words.")
            raise ValidationError(message, code="max_words", params={"most": MAX_SEARCH_WORDS})
        for word in words:
            validate_line(word)
        return words


@extend_schema_field(TEXT)
class SearchFilter(django_filters.Filter):
    field_class = SearchField
    description = (
        "Find names that contain each of these terms, ignoring case, spaces and punctuation. A term of one"
        " or two characters finds only words that start with it."
    )
    """The text in the API description, instead of the label."""

    def filter(self, qs: RecordQuerySet, value: list[str]) -> RecordQuerySet:
        return qs.search(value)


@extend_schema_field(TEXT)
class LineFilter(django_filters.Filter):
    """Compare text ignoring case, with the folded copy of the field."""

    field_class = QueryLineField

    def filter(self, qs: Any, value: Any) -> Any:
        return super().filter(qs, fold(value) if value else value)


@extend_schema_field(OpenApiTypes.INT)
class WholeNumberFilter(django_filters.Filter):
    field_class = StrictIntegerField


@extend_schema_field(OpenApiTypes.DATETIME)
class InstantFilter(django_filters.Filter):
    field_class = ISODateTimeField


class IsNullField(django_filters.fields.ChoiceField):
    default_error_messages = {"invalid_choice": TRUE_OR_FALSE}

    def to_python(self, value: Any) -> str:
        return super().to_python(self.prepare_value(value))

    def prepare_value(self, value: Any) -> Any:
        return str(BOOLEANS[value]).lower() if value in BOOLEANS else value


@extend_schema_field(OpenApiTypes.BOOL)
class IsNullFilter(django_filters.ChoiceFilter):
    """Find records without a value (``true``) or with one (``false``)."""

    field_class = IsNullField

    def __init__(self, **kwargs: Any) -> None:
        choices = [("true", _("Yes")), ("false", _("No"))]
        super().__init__(choices=choices, lookup_expr="isnull", empty_label=_("Any"), **kwargs)

    def filter(self, qs: Any, value: Any) -> Any:
        return super().filter(qs, BOOLEANS.get(value))


class DisplayFilter(django_filters.Filter):
    """A parameter that changes how records are shown. It is validated, and excludes none."""

    def filter(self, qs: Any, value: Any) -> Any:
        return qs


class PagingFilter(DisplayFilter):
    """``limit`` or ``offset``, which the paginator applies."""

    field_class = StrictIntegerField

    def __init__(self, smallest: int, largest: int, **kwargs: Any) -> None:
        super().__init__(validators=range_validators(smallest, largest), **kwargs)
        extend_schema_field({"type": "integer", "minimum": smallest, "maximum": largest})(self)


EXACT = "exact"


@extend_schema_field({"type": "string", "enum": [EXACT]})
class ExactCountFilter(DisplayFilter, django_filters.ChoiceFilter):
    """``count=exact``, with which the paginator counts all rows."""

    def __init__(self, **kwargs: Any) -> None:
        messages = {"invalid_choice": _("Send exact, or omit this parameter.")}
        label = _("Send exact to count all rows of a filtered list")
        super().__init__(choices=[(EXACT, EXACT)], label=label, error_messages=messages, **kwargs)


class ListInput(forms.TextInput):
    """A list, sent as ``a=1,2`` or, by generated clients, as ``a=1&a=2``."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str | None:
        if not hasattr(data, "getlist"):
            return super().value_from_datadict(data, files, name)
        return ",".join(data.getlist(name)) if name in data else None


class ListField(forms.CharField):
    """Values separated by commas, or in repeated parameters."""

    widget = ListInput

    def clean(self, value: Any) -> list[Any]:
        return super().clean(value).split(",") if value else []


class IdsField(ListField):
    default_error_messages = {"invalid": _("Enter whole numbers separated by commas, such as 1,2,3.")}

    def clean(self, value: Any) -> list[int]:
        ids = super().clean(value)
        if not all(map(is_id, ids)):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if len(ids) > MAX_IDS:
            raise ValidationError(_("Enter at most %(most)d IDs."), code="too_many", params={"most": MAX_IDS})
        return [int(text) for text in ids]


class ListFilter(django_filters.Filter):
    """Several values."""

    @property
    def items(self) -> dict[str, Any]:
        """The OpenAPI schema of one value."""
        raise NotImplementedError


class IdsFilter(ListFilter):
    field_class = IdsField
    items = {"type": "integer", "minimum": 0, "maximum": LARGEST_ID}


class NamesField(ListField):
    """Names, each of them one of ``names``."""

    def __init__(self, *, names: Iterable[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.names = list(names)

    def clean(self, value: Any) -> list[str]:
        selected = super().clean(value)
        for name in selected:
            if name not in self.names:
                raise self.unknown_value_error(name)
        if len({name.removeprefix("-") for name in selected}) < len(selected):
            raise ValidationError(_("Use each name only once."), code="repeated")
        return selected

    def unknown_value_error(self, name: str) -> ValidationError:
        closest = get_close_matches(name, self.names, n=1)
        if closest:
            message = _("Unknown value “%(name)s”. Did you mean “%(names)s”?")
        else:
            message = _("Unknown value “%(name)s”. Use one of: %(names)s.")
        params = {"name": printable(name), "names": ", ".join(closest or self.names)}
        return ValidationError(message, code="invalid_choice", params=params)


class NamesFilter(DisplayFilter, ListFilter):
    """Names of members, links or columns."""

    field_class = NamesField

    @property
    def items(self) -> dict[str, Any]:
        return {"type": "string", "enum": self.extra["names"]}


@extend_schema_field({"type": "string", "minLength": 1})
class CursorFilter(DisplayFilter, django_filters.CharFilter):
    """The position at which a page starts: ``*`` or a cursor from another page; the paginator applies it."""
