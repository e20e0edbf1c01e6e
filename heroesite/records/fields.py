"""Model and form fields whose rules and words are the same at every door."""

import re
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.forms.utils import flatatt
from django.utils.formats import number_format
from django.utils.functional import cached_property, lazy
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from heroesite.text import fold, normalise, validate_line

REQUIRED = _("This field is required.")
WHOLE_NUMBER = _("Enter a whole number, in digits only.")
LARGEST_ID = 2**63 - 1
GROWTH = 4
"""How many times as long as itself a line may get by folding: within what PostgreSQL can index (2,704
bytes), and only ligatures of whole words, as ``ﷺ``, grow more."""


def is_id(text: str) -> bool:
    """Whether ``text`` is a whole number in ASCII digits that any database can look up."""
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST_ID


def is_id_number(value: Any) -> bool:
    """Whether ``value`` is a whole number that any database can look up as an id."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_ID


written = lazy(number_format, str)
"""A number as the language of the page writes it."""


def between(smallest: int, largest: int) -> list[Any]:
    """Validators of a range, with the same words at both its ends."""
    words = _("Enter a whole number from {smallest} to {largest}.")
    message = format_lazy(words, smallest=written(smallest), largest=written(largest))
    return [MinValueValidator(smallest, message), MaxValueValidator(largest, message)]


class GrowthValidator:
    """Refuses a line that only folding makes longer than ``largest`` characters."""

    def __init__(self, largest: int) -> None:
        self.largest = largest

    def __call__(self, text: str) -> None:
        if len(text) <= self.largest < len(fold(text)):
            words = _("Too many of these characters stand for whole words; write them out.")
            raise ValidationError(words, code="folded")


class LineFormField(forms.CharField):
    """Text that is normalised here and judged by the model: nothing is cut off while typing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "max_length": None, "strip": False})
        self.validators = list(kwargs.get("validators", ()))

    def to_python(self, value: Any) -> str:
        return normalise(super().to_python(value) or "")


class LineField(models.CharField):
    """One normalised line of text. See :mod:`heroesite.text` for what it may hold.

    On a record whoever may see it can find and order records by it, so it brings its folded copy along:
    ``motto`` a :class:`FoldedField` called ``motto_key``.
    """

    default_error_messages = {"blank": REQUIRED, "null": REQUIRED}
    default_validators = [validate_line]

    @cached_property
    def validators(self) -> list[Any]:
        return [*super().validators, GrowthValidator((self.max_length or 0) * GROWTH)]

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return normalise(value) if isinstance(value, str) else value

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        key = f"{name}_key"
        found_by = name in getattr(cls, "FIELDS", ()) and name not in cls.RESTRICTED
        if found_by and not hasattr(cls, key):
            folded = FoldedField(of=name, max_length=(self.max_length or 0) * GROWTH)
            folded.creation_counter = self.creation_counter  # it stands where its line stands
            folded.contribute_to_class(cls, key)

    def formfield(self, *args: Any, **kwargs: Any) -> Any:
        return super().formfield(*args, **{"form_class": LineFormField, **kwargs})


class FoldedField(models.CharField):
    """The folded copy of a :class:`LineField`, kept up to date by every write, ordered by code point.

    Args:
        of: the name of the field it folds.
    """

    def __init__(self, of: str = "", **kwargs: Any) -> None:
        self.of = of
        super().__init__(editable=False, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable")
        return name, path, args, {**kwargs, "of": self.of}

    def db_parameters(self, connection: Any) -> Any:
        """PostgreSQL compares by code points as SQLite does. A ``db_collation`` would make the migrations
        differ from database to database: SQLite knows no collation called ``C``."""
        collation = "C" if connection.vendor == "postgresql" else None
        return {**super().db_parameters(connection), "collation": collation}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        key = fold(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, key)
        return key


class WholeNumberFormField(forms.IntegerField):
    """A whole number in ASCII digits: ``٣``, ``1_000`` and ``1e3`` are not guessed at."""

    widget = forms.TextInput(attrs={"inputmode": "numeric"})
    default_error_messages = {"invalid": WHOLE_NUMBER}
    pattern = re.compile(r"\s*[+-]?[0-9]{1,4000}\s*", re.ASCII)

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str) and value.strip() and not self.pattern.fullmatch(value):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class InstantFormField(forms.Field):
    """An instant in ISO 8601, in UTC unless it names its zone."""

    widget = forms.TextInput(attrs={"placeholder": "2026-01-31T12:00:00Z"})
    default_error_messages = {"invalid": _("Write date and time, as in 2026-01-31T12:00:00Z.")}
    # The “+” of a zone arrives as a blank where a query string does not write it as %2B.
    pattern = re.compile(
        r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)(?:Z|([ +-])(\d\d:?\d\d))?",
        re.ASCII | re.IGNORECASE,
    )

    def to_python(self, value: Any) -> datetime | None:
        text = (value or "").strip()
        if not text:
            return None
        try:
            return self.read(text)
        except (ValueError, OverflowError) as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error

    def read(self, text: str) -> datetime:
        match = self.pattern.fullmatch(text)
        if match is None:
            raise ValueError
        day, time, sign, offset = match.groups()
        zone = f"{sign.replace(' ', '+')}{offset}" if offset else "+00:00"
        return datetime.fromisoformat(f"{day}T{time}{zone}").astimezone(UTC)


class WholeNumberField(models.IntegerField):
    """A whole number from ``smallest`` to ``largest``, the same range on every database."""

    default_error_messages = {"invalid": WHOLE_NUMBER}

    def __init__(self, *args: Any, smallest: int, largest: int, **kwargs: Any) -> None:
        self.smallest, self.largest = smallest, largest
        super().__init__(*args, **{**kwargs, "validators": between(smallest, largest)})

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("validators")
        return name, path, args, {**kwargs, "smallest": self.smallest, "largest": self.largest}

    def formfield(self, *args: Any, **kwargs: Any) -> Any:
        return super().formfield(*args, **{"form_class": WholeNumberFormField, **kwargs})


class PlainSelect(forms.Select):
    """A select written at once: Django renders a template for each option, of which there may be hundreds."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        widget = self.get_context(name, value, attrs)["widget"]
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (option["value"], mark_safe(" selected") if option["selected"] else "", option["label"])
                for _group, options, _index in widget["optgroups"]
                for option in options
            ),
        )
        return format_html('<select name="{}"{}>{}</select>', name, flatatt(widget["attrs"]), options)


class RecordChoiceField(forms.ModelChoiceField):
    """One record, chosen by its id in ASCII digits."""

    widget = PlainSelect

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value and not is_id(value):
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return super().to_python(value)


class RecordKey(models.ForeignKey):
    """An optional link to another record, which goes when that record goes.

    Args:
        left_behind: what happens to the holders of the link when the other record is deleted, an
            ``ngettext_lazy`` with ``%(count)d``, shown before the deletion.
        none: what stands where there is no link.
    """

    def __init__(self, to: Any, left_behind: Any = None, none: Any = "–", **kwargs: Any) -> None:
        self.left_behind, self.none = left_behind, none
        super().__init__(to, **{"null": True, "blank": True, "on_delete": models.SET_NULL, **kwargs})
        self.error_messages["invalid"] = _("There is no such record. Choose one that is in the register.")

    def formfield(self, *args: Any, **kwargs: Any) -> Any:
        words = {"invalid_choice": self.error_messages["invalid"]}
        return super().formfield(
            *args,
            **{
                "form_class": RecordChoiceField,
                "error_messages": words,
                "empty_label": self.none,
                **kwargs,
            },
        )
