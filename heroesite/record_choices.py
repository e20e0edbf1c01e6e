"""The form field that selects a record, by its id or by typing its name."""

from functools import cache
from typing import Any, Self

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from heroesite.database.statements import Statement
from heroesite.form_fields import render_select
from heroesite.ids import is_id

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


def text_parameter(name: str) -> str:
    """Return the parameter that contains the name of a record, for the parameter with its id."""
    return f"{name}_text"


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
        meta = field.queryset.model._meta
        names = {"model_name": meta.verbose_name, "model_name_plural": meta.verbose_name_plural}
        texts = {
            "data-matches": _("Matches: {count}"),
            "data-more": _("More than {count} matches. Type more of the name."),
            "data-none": NO_MATCH % {**names, "search": "{text}"},
            "data-failed": _("The search failed. Type the whole name, or try again."),
        }
        if typed and typed.matches:
            selected = f"{TYPED}{typed}"
            options.insert(0, (selected, typed.message))
            texts["data-typed"] = typed
        if typed or field.has_many:
            texts["data-search"] = reverse(f"{meta.app_label}:choices")
        select = render_select(name, self.build_attrs(self.attrs, attrs) | texts, options, selected)
        if "data-search" not in texts:
            return select
        return select + format_html(
            '<input type="text" class="without-scripts" name="{}" value="{}" autocomplete="off"'
            ' aria-label="{}" placeholder="{}">',
            text_parameter(name),
            typed if typed and not typed.matches else "",
            _("%(model_name)s by name") % {"model_name": capfirst(names["model_name"])},
            _("Or type a name"),
        )


@cache
def first_records_statement(model: Any, most_listed: int | None) -> Statement:
    """Return the statement for the ids and names of the first records, one more than are listed."""
    names = model.objects.values_list("pk", "name")
    return Statement(names if most_listed is None else names[: most_listed + 1])


class RecordChoiceField(forms.ModelChoiceField):
    """One record of all those of its type, selected by its id in ASCII digits."""

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
        model: Any = self.queryset.model  # type: ignore[union-attr]
        statement = first_records_statement(model, self.most_listed)
        return [(pk, name) for pk, name in statement.execute(*statement.parameters)]

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
