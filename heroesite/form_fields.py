"""Form fields that accept exactly what they describe, for pages, the admin and query strings."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from heroesite.text import normalize, to_html
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


def render_select(name: str, attrs: Any, options: Iterable[tuple[Any, Any]], selected: str) -> SafeString:
    """Return the HTML of a select. Django would render a template for each option."""
    options_html = "".join(
        [
            f'<option value="{to_html(option)}"{" selected" if str(option) == selected else ""}>'
            f"{to_html(label)}</option>"
            for option, label in options
        ]
    )
    select = '<select name="{}"{}>{}</select>'
    return format_html(select, name, flatatt(attrs), mark_safe(options_html))  # noqa: S308  escaped above


class PlainSelect(forms.Select):
    """A select rendered without templates. It doesn't support groups of options."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        selected = "" if value is None else str(value)
        return render_select(name, self.build_attrs(self.attrs, attrs), self.choices, selected)
