"""Form fields that accept exactly what they describe, for pages, the admin and query strings."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Self

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from heroesite.ids import is_id
from heroesite.text import normalize
from heroesite.validators import NOT_A_WHOLE_NUMBER


class PlainTextInput(forms.TextInput):
    """A text field rendered without templates. Django uses three for each, and lists have several fields."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        widget = self.get_context(name, value, attrs)["widget"]
        content = {} if widget["value"] is None else {"value": widget["value"]}
        return format_html(
            "<input{}>", flatatt({"type": widget["type"], "name": name, **content, **widget["attrs"]})
        )


class LineFormField(forms.CharField):
    """Text that is normalized here and validated by the model, so the browser doesn't cut it off."""

    widget: Any = PlainTextInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "max_length": None, "strip": False})
        self.validators = list(kwargs.get("validators", ()))

    def to_python(self, value: Any) -> str:
        return normalize(super().to_python(value) or "")


class StrictIntegerField(forms.IntegerField):
    """A whole number in ASCII digits: ``٣``, ``1_000`` and ``1e3`` are invalid."""

    widget = PlainTextInput(attrs={"inputmode": "numeric"})
    default_error_messages = {"invalid": NOT_A_WHOLE_NUMBER}
    pattern = re.compile(r"\s*[+-]?[0-9]{1,4000}\s*", re.ASCII)

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str) and value.strip() and not self.pattern.fullmatch(value):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class ISODateTimeField(forms.Field):
    """An instant in ISO 8601, in UTC unless it names its zone."""

    widget = PlainTextInput(attrs={"placeholder": "2026-01-31T12:00:00Z"})
    default_error_messages = {"invalid": _("Enter a date and time, such as 2026-01-31T12:00:00Z.")}
    # The “+” of a time zone is decoded as a space unless the query string has it as %2B.
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


MAX_LISTED = 50
"""The most records that a select lists. If there are more, it lists only the selected one."""
MAX_MATCHES = 20
"""The most records that a search for one of them returns."""
TYPED = "?"
"""The prefix of an option's value that contains typed text instead of an id."""
NO_MATCH = _("No %(model_name_plural)s match “%(search)s”.")


class TypedName(str):
    """Text that was typed to select a record, but isn't the whole name of one.

    Args:
        message: the error message.
        matches: the ids and names of the records to select from.
    """

    message: str
    matches: list[tuple[int, str]]

    def __new__(cls, text: str, message: str, matches: list[tuple[int, str]]) -> Self:
        typed = super().__new__(cls, text)
        typed.message, typed.matches = message, matches
        return typed

    def __deepcopy__(self, memo: Any) -> Self:
        """Return the same object, so that forms can copy their data."""
        return self


def render_select(name: str, attrs: Any, options: Iterable[tuple[Any, Any]], selected: str) -> SafeString:
    """Return the HTML of a select. Django would render a template for each option."""
    return format_html(
        '<select name="{}"{}>{}</select>',
        name,
        flatatt(attrs),
        format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (option, mark_safe(" selected") if str(option) == selected else "", label)
                for option, label in options
            ),
        ),
    )


class PlainSelect(forms.Select):
    """A select rendered without templates. It doesn't support groups of options."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        selected = "" if value is None else str(value)
        return render_select(name, self.build_attrs(self.attrs, attrs), self.choices, selected)


class RecordSelect(forms.Select):
    """A select of records, with a text field to type a name in if there are too many to list.

    See :mod:`heroesite.records.filters.typed_names`. ``combobox.js`` replaces both, and searches while the
    user types.
    """

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        choices: Any = self.choices
        field = choices.field
        typed = value if isinstance(value, TypedName) else None
        records = typed.matches if typed else field.listed_records(value)
        options = [*field.fixed_options(), *((str(pk), label) for pk, label in records)]
        selected = "" if value is None else str(value)
        if typed and typed.matches:
            selected = f"{TYPED}{typed}"
            options.insert(0, (selected, typed.message))
        meta = field.queryset.model._meta
        names = {"model_name": meta.verbose_name, "model_name_plural": meta.verbose_name_plural}
        texts = {
            "data-matches": _("Matches: {count}"),
            "data-more": _("More than {count} matches. Type more of the name."),
            "data-none": NO_MATCH % {**names, "search": "{text}"},
            "data-failed": _("The search failed. Type the whole name, or try again."),
        }
        if typed or field.has_many:
            texts["data-search"] = reverse(f"{meta.app_label}:choices")
        select = render_select(name, self.build_attrs(self.attrs, attrs) | texts, options, selected)
        if "data-search" not in texts:
            return select
        return select + format_html(
            '<input type="text" class="without-scripts" name="{}_text" value="{}" autocomplete="off"'
            ' aria-label="{}" placeholder="{}">',
            name,
            typed if typed and not typed.matches else "",
            _("%(model_name)s by name") % {"model_name": capfirst(names["model_name"])},
            _("Or type a name"),
        )


class RecordChoiceField(forms.ModelChoiceField):
    """One record, selected by its id in ASCII digits."""

    widget = RecordSelect

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.known: dict[str, str] = {}
        """The labels of the records that were validated, by id."""
        self.most_listed: int | None = MAX_LISTED
        """The most records that the select lists; None for no limit."""
        super().__init__(*args, **kwargs)

    def __deepcopy__(self, memo: Any) -> Self:
        copied: Self = super().__deepcopy__(memo)  # type: ignore[misc]
        copied.known = {}
        copied.__dict__.pop("first_records", None)
        return copied

    def to_python(self, value: Any) -> Any:
        if isinstance(value, TypedName):
            raise ValidationError(value.message, code="typed_name")
        if isinstance(value, str) and value and not is_id(value):
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        record = super().to_python(value)
        if record is not None:
            self.known[str(record.pk)] = self.label_from_instance(record)
        return record

    def fixed_options(self) -> list[tuple[str, Any]]:
        """Return the values and labels of the choices that aren't records."""
        return [("", self.empty_label)] if self.empty_label is not None else []

    @cached_property
    def first_records(self) -> list[tuple[int, str]]:
        """The ids and names of the first records: all of them, or one more than the select lists."""
        records: Any = self.queryset
        names = records.values_list("pk", "name")
        return list(names if self.most_listed is None else names[: self.most_listed + 1])

    @property
    def has_many(self) -> bool:
        return self.most_listed is not None and len(self.first_records) > self.most_listed

    def listed_records(self, value: Any) -> list[tuple[Any, str]]:
        """Return the ids and names of the records that the select lists if ``value`` is selected."""
        records: list[tuple[Any, str]] = [] if self.has_many else list(self.first_records)
        key = str(value)
        if not is_id(key) or any(pk == int(key) for pk, _name in records):
            return records
        if key not in self.known:
            found: Any = self.queryset.filter(pk=key)  # type: ignore[union-attr]
            self.known |= {str(pk): name for pk, name in found.values_list("pk", "name")}
        return [*records, (key, self.known[key])] if key in self.known else records
