"""What can be counted about records, as bars that lead to what they count."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, F, Field, When
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from heroesite.records.models.base import Record
from heroesite.records.models.fields import BoundedIntegerField, RecordForeignKey

LONGEST = 12
"""Bars for single records; the others are left to the list."""
STEP, LAST_STEP = 10, 10
"""How wide a bar of numbers is, and from which one on all are one."""


@dataclass(frozen=True)
class Bar:
    """How many there are of something, and where they are listed."""

    label: str
    count: int
    address: str


@dataclass(frozen=True)
class Chart:
    title: str
    bars: list[Bar]

    @property
    def drawn(self) -> list[tuple[Bar, int]]:
        """The bars with their lengths, in hundredths of the longest."""
        longest = max((bar.count for bar in self.bars), default=0) or 1
        return [(bar, -(-100 * bar.count // longest)) for bar in self.bars]


def list_of(kind: type[Record], query: Mapping[str, Any]) -> str:
    """The address of the list that a query finds."""
    return f"{reverse(f'{kind._meta.app_label}:list')}?{urlencode(query)}"


def titled(kind: type[Record], name: str) -> str:
    told = {"kinds": capfirst(str(kind._meta.verbose_name_plural)), "field": kind.verbose_name_of(name)}
    return _("%(kinds)s by %(field)s") % told


def by_link(kind: type[Record], name: str) -> Chart:
    """How many records lead to each other record, the most first, and how many to none."""
    held = kind.objects.filter(**{f"{name}__isnull": False}).order_by()
    counted = held.values_list(name, f"{name}__name").annotate(count=Count("pk"))
    bars = [
        Bar(other, count, list_of(kind, {name: pk}))
        for pk, other, count in counted.order_by("-count", f"{name}__name_key")[:LONGEST]
    ]
    without = kind.objects.filter(**{f"{name}__isnull": True}).count()
    none = str(kind._meta.get_field(name).empty_label)  # type: ignore[union-attr]
    return Chart(titled(kind, name), [*bars, Bar(none, without, list_of(kind, {f"{name}__isnull": "true"}))])


def by_number(kind: type[Record], name: str) -> Chart:
    """How many records have a number within each ten, and how many have none."""
    step = Case(When(**{f"{name}__gte": LAST_STEP * STEP}, then=LAST_STEP), default=F(name) / STEP)
    counted = kind.objects.order_by().values_list(step).annotate(count=Count("pk"))
    counts: dict[int | None, int] = dict(counted)
    unknown = Bar(_("unknown"), counts.pop(None, 0), list_of(kind, {f"{name}__isnull": "true"}))
    known = [number for number in counts if number is not None]
    steps = range(min(known), max(known) + 1) if known else ()
    return Chart(titled(kind, name), [*(ten(kind, name, number, counts) for number in steps), unknown])


def ten(kind: type[Record], name: str, number: int, counts: Mapping[Any, int]) -> Bar:
    first, last = number * STEP, number * STEP + STEP - 1
    if number == LAST_STEP:
        label, query = _("%(first)s and over"), {f"{name}__gte": first}
    else:
        label, query = "%(first)s–%(last)s", {f"{name}__gte": first, f"{name}__lte": last}
    shown = {"first": number_format(first), "last": number_format(last)}
    return Bar(label % shown, counts.get(number, 0), list_of(kind, query))


CHARTS: dict[type[Field], Callable[[type[Record], str], Chart]] = {
    RecordForeignKey: by_link,
    BoundedIntegerField: by_number,
}
"""How the values of each kind of field are counted."""


def chart(model: type[Record], name: str) -> Chart:
    """Count the values of a field of a charted type."""
    return CHARTS[type(model._meta.get_field(name))](model, name)  # type: ignore[index]
