"""Select a record by typing its name.

Forms list all records only if there are few. Besides ``team``, they accept ``team_text``, which is sent by
browsers without scripts, and if no match was selected. A whole name, ignoring case, selects the record. For
any other text, the form is shown again with the matching records to select from.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Case, IntegerField, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from heroesite.record_choices import (
    MAX_MATCHES,
    NO_MATCH,
    TYPED,
    RecordChoiceField,
    TypedName,
    text_parameter,
)
from heroesite.text import WORD_START, normalize, printable, search_terms, validate_line

from .filters import SearchField

REPEATED = gettext_lazy("Use this parameter only once.")


def best_matches(records: Any, text: str) -> Any:
    """Return the records that a search for ``text`` finds, those that start with it first."""
    words = text.split()
    starts = When(search_key__startswith=WORD_START + "".join(search_terms(words)), then=0)
    order = Case(starts, default=1, output_field=IntegerField())
    return records.search(words).order_by(order, "name_key", "pk")


def resolve(field: RecordChoiceField, text: str) -> str:
    """Return the id of the record with the name ``text``, or a :class:`TypedName` with an error."""
    records: Any = field.queryset
    text = normalize(text)
    try:
        validate_line(text)
        named = records.named([text]).values_list("pk", flat=True).first()
        if named is not None:
            return str(named)
        SearchField().clean(text)
    except ValidationError as error:
        return TypedName(text, error.messages[0], [])
    matches = list(best_matches(records, text).values_list("pk", "name")[: MAX_MATCHES + 1])
    if not matches:
        message = str(NO_MATCH)
    elif len(matches) <= MAX_MATCHES:
        message = _("Select one of the %(model_name_plural)s that match “%(search)s”.")
    else:
        message = _(
            "More than %(most)d %(model_name_plural)s match “%(search)s”. Type more of the name, or select"
            " one of the first."
        )
    params = {
        "search": printable(text),
        "most": MAX_MATCHES,
        "model_name_plural": records.model._meta.verbose_name_plural,
    }
    return TypedName(text, message % params, matches[:MAX_MATCHES])


class TypedNamesMixin:
    """A form that replaces each typed name in its data with the id of the record, before it is validated.

    ``has_typed_names`` is set if the data contained any.
    """

    has_typed_names = False
    fields: Any
    data: Any
    is_bound: bool

    def full_clean(self) -> None:
        if self.is_bound:
            self.resolve_names()
        super().full_clean()  # type: ignore[misc]

    def resolve_names(self) -> None:
        names = [name for name, field in self.fields.items() if isinstance(field, RecordChoiceField)]
        for name in names:
            parameter, choice = text_parameter(name), self.data.get(name)
            if parameter in self.data and self.are_repeated(name, parameter):
                self.replace(name, parameter, TypedName("", str(REPEATED), []))
                continue
            text = (self.data.get(parameter) or "").strip(" ")
            if not text and isinstance(choice, str) and choice.startswith(TYPED):
                text = choice.removeprefix(TYPED).strip(" ")
            if text:
                self.replace(name, parameter, resolve(self.fields[name], text))
            elif parameter in self.data:
                self.replace(name, parameter, choice)

    def are_repeated(self, *parameters: str) -> bool:
        lists = (self.data.getlist(name) for name in parameters if hasattr(self.data, "getlist"))
        return any(len(values) > 1 for values in lists)

    def replace(self, name: str, parameter: str, choice: Any) -> None:
        """Remove the parameter with the typed name, and set the choice."""
        self.data, self.has_typed_names = self.data.copy(), True
        self.data.pop(parameter, None)
        if choice is not None:
            self.data[name] = choice
