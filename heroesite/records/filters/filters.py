"""The kinds of parameters that a query string may have: what each takes, and which records it finds."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db.models import Count, F, OuterRef, Subquery
from django.db.models.expressions import OrderBy
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from heroesite.form_fields import ISODateTimeField, LineFormField, RecordChoiceField, StrictIntegerField
from heroesite.ids import LARGEST_ID, is_id
from heroesite.records.models.fields import RecordForeignKey
from heroesite.records.models.querysets import RecordQuerySet
from heroesite.text import fold, printable, validate_line
from heroesite.validators import range_validators

SEARCH_WORDS, SEARCH_LENGTH = 10, 200
TEXT = {"type": "string", "minLength": 1, "maxLength": SEARCH_LENGTH}
"""A text in the API's description."""
IDS = 500
"""Ids that one query may name."""


class QueryLineField(LineFormField):
    """Text to compare with, under the rules for text that is kept."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs, validators=[validate_line, MaxLengthValidator(SEARCH_LENGTH)])


class SearchField(QueryLineField):
    widget = forms.TextInput(attrs={"type": "search"})

    def clean(self, value: Any) -> list[str]:
        words = super().clean(value).split()
        if len(words) > SEARCH_WORDS:
            message = _("Search for %(most)d words at most.")
            raise ValidationError(message, code="max_words", params={"most": SEARCH_WORDS})
        for word in words:
            validate_line(word)
        return words


@extend_schema_field(TEXT)
class SearchFilter(django_filters.Filter):
    field_class = SearchField

    def filter(self, qs: RecordQuerySet, value: list[str]) -> RecordQuerySet:
        return qs.search(value)


@extend_schema_field(TEXT)
class LineFilter(django_filters.Filter):
    """Compares folded text, on the folded copy of the field."""

    field_class = QueryLineField

    def filter(self, qs: Any, value: Any) -> Any:
        return super().filter(qs, fold(value) if value else value)


@extend_schema_field(OpenApiTypes.INT)
class WholeNumberFilter(django_filters.Filter):
    field_class = StrictIntegerField


@extend_schema_field(OpenApiTypes.DATETIME)
class InstantFilter(django_filters.Filter):
    field_class = ISODateTimeField


class RecordFilter(django_filters.Filter):
    field_class = RecordChoiceField


@extend_schema_field(OpenApiTypes.BOOL)
class IsNullFilter(django_filters.ChoiceFilter):
    """``true`` or ``false``, and nothing that might be taken for one of them."""

    def __init__(self, **kwargs: Any) -> None:
        choices = [("true", _("Without")), ("false", _("With"))]
        super().__init__(choices=choices, lookup_expr="isnull", empty_label=_("Both"), **kwargs)

    def filter(self, qs: Any, value: Any) -> Any:
        return super().filter(qs, {"true": True, "false": False}.get(value))


class DisplayFilter(django_filters.Filter):
    """Says how records are shown: checked like any parameter, it leaves none out."""

    def filter(self, qs: Any, value: Any) -> Any:
        return qs


class PagingFilter(DisplayFilter):
    """``limit`` and ``offset``, applied by whoever pages."""

    field_class = StrictIntegerField

    def __init__(self, smallest: int, largest: int, **kwargs: Any) -> None:
        super().__init__(validators=range_validators(smallest, largest), **kwargs)
        extend_schema_field({"type": "integer", "minimum": smallest, "maximum": largest})(self)


class IdsField(forms.CharField):
    """Ids with commas between them."""

    default_error_messages = {"invalid": _("Enter whole numbers, in digits only, with commas between them.")}

    def clean(self, value: Any) -> list[int]:
        ids = super().clean(value).split(",") if value else []
        if not all(map(is_id, ids)):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if len(ids) > IDS:
            raise ValidationError(_("Name %(most)d ids at most."), code="too_many", params={"most": IDS})
        return [int(text) for text in ids]


class ListFilter(django_filters.Filter):
    """Several values with commas between them."""

    @property
    def items(self) -> dict[str, Any]:
        """What the API's description says about one of them."""
        raise NotImplementedError


class IdsFilter(ListFilter):
    field_class = IdsField
    items = {"type": "integer", "minimum": 0, "maximum": LARGEST_ID}


class NamesField(forms.CharField):
    """Names with commas between them, each of them one of ``names``."""

    def __init__(self, *, names: Iterable[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.names = list(names)

    def clean(self, value: Any) -> list[str]:
        named: list[str] = super().clean(value).split(",") if value else []
        for name in named:
            if name not in self.names:
                near = get_close_matches(name, self.names, n=1)
                words = (
                    _("“%(name)s” is not known here. Did you mean “%(names)s”?")
                    if near
                    else _("“%(name)s” is not known here; there are: %(names)s.")
                )
                told = {"name": printable(name), "names": ", ".join(near or self.names)}
                raise ValidationError(words, code="unknown", params=told)
        if len({name.removeprefix("-") for name in named}) < len(named):
            raise ValidationError(_("Give each name once."), code="repeated")
        return named


class NamesFilter(DisplayFilter, ListFilter):
    """Names of members, links or columns."""

    field_class = NamesField

    @property
    def items(self) -> dict[str, Any]:
        return {"type": "string", "enum": self.extra["names"]}


class RecordOrdering(NamesFilter):
    """A total order: missing values last on every database, the id breaking ties.

    Args:
        columns: for each name the column that it stands for.
    """

    def __init__(self, columns: Mapping[str, str], **kwargs: Any) -> None:
        self.columns = columns
        names = [f"{sign}{name}" for name in columns for sign in ("", "-")]
        super().__init__(names=names, **kwargs)

    def filter(self, qs: Any, value: Any) -> Any:
        if not value:
            return qs
        columns = ((F(self.columns[name.removeprefix("-")]), name.startswith("-")) for name in value)
        order = (OrderBy(column, descending=descending, nulls_last=True) for column, descending in columns)
        return qs.order_by(*order, "pk")


class CountFilter(WholeNumberFilter):
    """How many records link to one."""

    def __init__(self, link: RecordForeignKey, lookup_expr: str, **kwargs: Any) -> None:
        self.link = link
        super().__init__(lookup_expr=lookup_expr, **kwargs)

    def filter(self, qs: Any, value: Any) -> Any:
        if value is None:
            return qs
        kind: Any = self.link.model
        holders = kind.objects.filter(**{self.link.name: OuterRef("pk")}).order_by()
        counted = holders.values(self.link.name).annotate(count=Count("pk")).values("count")
        name = f"{self.link.remote_field.name}_count"
        return qs.alias(**{name: Coalesce(Subquery(counted), 0)}).filter(
            **{f"{name}__{self.lookup_expr}": value}
        )


@extend_schema_field({"type": "string", "minLength": 1})
class CursorFilter(DisplayFilter, django_filters.CharFilter):
    """Where a page begins: ``*`` at the start, else as an earlier page says; applied by whoever pages."""
