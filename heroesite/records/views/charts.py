"""Charts that count records. Each bar links to a list of the records it counts."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Field
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from heroesite.records.counts import Grouping, record_counts
from heroesite.records.filters.links import NULL
from heroesite.records.models.base import Record
from heroesite.records.models.fields import BoundedIntegerField, RecordForeignKey

LONGEST = 12
"""The most bars for single records."""
MOST_KEYS = 500
"""The most ids in one query."""
FIRST_READ = 100
"""The number of records that are read first if there are more ids."""
STEP, LAST_STEP = 10, 10
"""The width of a bar of numbers, and the bar that counts all higher ones too."""


@dataclass(frozen=True)
class Bar:
    """A count, and the URL of the list of the records it counts."""

    label: str
    count: int
    address: str


@dataclass(frozen=True)
class Chart:
    title: str
    bars: list[Bar]

    @property
    def lengths(self) -> list[tuple[Bar, int]]:
        """Return the bars with their lengths in percent of the longest."""
        longest = max((bar.count for bar in self.bars), default=0) or 1
        return [(bar, -(-100 * bar.count // longest)) for bar in self.bars]


def list_address(model: type[Record], query: Mapping[str, Any]) -> str:
    """Return the address of a list with a query."""
    return f"{reverse(f'{model._meta.app_label}:list')}?{urlencode(query)}"


def chart_title(model: type[Record], name: str) -> str:
    params = {
        "model_name_plural": capfirst(str(model._meta.verbose_name_plural)),
        "field": model.verbose_name_of(name),
    }
    return _("%(model_name_plural)s by %(field)s") % params


def by_link(model: type[Record], name: str) -> Chart:
    """Count the records that link to each other record, most first, and those that link to none."""
    field: Any = model._meta.get_field(name)
    counts = record_counts(model, Grouping(field.column)).get()
    linked = {pk: count for pk, count in counts.items() if pk is not None}
    numbers = sorted(linked.values(), reverse=True)[:LONGEST]
    shortest = min(numbers, default=0)
    tied = {pk for pk, count in linked.items() if count == shortest}
    longer = {pk for pk, count in linked.items() if count > shortest}
    others = field.related_model.objects.order_by("name_key").values_list("pk", "name", named=True)
    shown = [*others.filter(pk__in=longer), *first_of(others, tied, len(numbers) - len(longer))]
    bars = [Bar(other.name, counts[other.pk], list_address(model, {name: other.pk})) for other in shown]
    bars.sort(key=lambda bar: -bar.count)
    without = Bar(str(field.empty_label), counts.get(None, 0), list_address(model, {name: NULL}))
    return Chart(chart_title(model, name), [*bars, without])


def first_of(records: Any, keys: Collection[int], number: int) -> list[Any]:
    """Return the first ``number`` records whose ids are in ``keys``, which can be too many for one query."""
    if len(keys) <= MOST_KEYS:
        return list(records.filter(pk__in=keys)[:number])
    found: list[Any] = []
    start, length = 0, FIRST_READ
    while len(found) < number and (read := list(records[start : start + length])):
        found += [record for record in read if record.pk in keys]
        start, length = start + length, 2 * length
    return found[:number]


def by_number(model: type[Record], name: str) -> Chart:
    """Count the records by tens of a number, and those without one."""
    field: Any = model._meta.get_field(name)
    tens = f"CASE WHEN {{0}} >= {LAST_STEP * STEP} THEN {LAST_STEP} ELSE {{0}} / {STEP} END"
    counts = record_counts(model, Grouping(field.column, tens)).get()
    unknown = Bar(_("unknown"), counts.get(None, 0), list_address(model, {f"{name}__isnull": "true"}))
    known = [number for number in counts if number is not None]
    steps = range(min(known), max(known) + 1) if known else ()
    return Chart(
        chart_title(model, name), [*(bar_for_range(model, name, number, counts) for number in steps), unknown]
    )


def bar_for_range(model: type[Record], name: str, number: int, counts: Mapping[Any, int]) -> Bar:
    first, last = number * STEP, number * STEP + STEP - 1
    if number == LAST_STEP:
        label, query = _("%(first)s and over"), {f"{name}__gte": first}
    else:
        label, query = "%(first)s–%(last)s", {f"{name}__gte": first, f"{name}__lte": last}
    params = {"first": number_format(first), "last": number_format(last)}
    return Bar(label % params, counts.get(number, 0), list_address(model, query))


CHARTS: dict[type[Field], Callable[[type[Record], str], Chart]] = {
    RecordForeignKey: by_link,
    BoundedIntegerField: by_number,
}
"""The functions that chart the values of a field, by field class."""


def chart(model: type[Record], name: str) -> Chart:
    """Count the values of a field of a type in ``CHARTS``; see :mod:`heroesite.records.checks`."""
    return CHARTS[type(model._meta.get_field(name))](model, name)
