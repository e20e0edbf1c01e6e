"""Charts that count records. Each bar links to a list of the records it counts."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import Field
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from heroesite.cached_per_language import cached_per_language
from heroesite.records.counts import Grouping, record_counts
from heroesite.records.filters.links import NULL
from heroesite.records.models.base import Record
from heroesite.records.models.fields import BoundedIntegerField, RecordForeignKey
from heroesite.records.row_templates import RowTemplate

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
    """A count, and the query string of the list of what it counts."""

    label: str
    count: int
    query: str


@dataclass(frozen=True)
class Chart:
    """A chart.

    Args:
        address: the URL of the list that the bars link to.
    """

    title: str
    address: str
    bars: list[Bar]

    @property
    def rows(self) -> SafeString:
        """The HTML of the bars, whose lengths are in percent of the longest."""
        return bar_rows().render(self.address, self.bars)


class BarRows:
    """Renders the bars of charts, in the language that is active when it is created."""

    def __init__(self) -> None:
        self.template = RowTemplate("records/_bar.html", {})
        self.format = lru_cache(maxsize=4096)(number_format)

    def render(self, address: str, bars: list[Bar]) -> SafeString:
        """Return the HTML of the bars of one chart."""
        longest = max((bar.count for bar in bars), default=0) or 1
        return self.template.render(
            {
                "address": f"{address}?{bar.query}",
                "label": bar.label,
                "length": -(-100 * bar.count // longest),
                "count": self.format(bar.count),
            }
            for bar in bars
        )


@cached_per_language
def bar_rows() -> BarRows:
    """Return the renderer for the active language, which all requests share."""
    return BarRows()


def list_address(model: type[Record]) -> str:
    return reverse(f"{model._meta.app_label}:list")


def chart_title(model: type[Record], name: str) -> str:
    params = {
        "model_name_plural": capfirst(str(model._meta.verbose_name_plural)),
        "field": model.verbose_name_of(name),
    }
    return _("%(model_name_plural)s by %(field)s") % params


def by_link(model: type[Record], name: str, counts: Mapping[Any, int]) -> Chart:
    """Return the chart of the records that link to each other record, most first, and to none."""
    field: Any = model._meta.get_field(name)
    linked = {pk: count for pk, count in counts.items() if pk is not None}
    numbers = sorted(linked.values(), reverse=True)[:LONGEST]
    shortest = min(numbers, default=0)
    tied = {pk for pk, count in linked.items() if count == shortest}
    longer = {pk for pk, count in linked.items() if count > shortest}
    others = field.related_model.objects.order_by("name_key").values_list("pk", "name")
    shown = [*others.filter(pk__in=longer), *first_of(others, tied, len(numbers) - len(longer))]
    bars = [Bar(label, counts[pk], f"{name}={pk}") for pk, label in shown]
    bars.sort(key=lambda bar: -bar.count)
    without = Bar(str(field.empty_label), counts.get(None, 0), f"{name}={NULL}")
    return Chart(chart_title(model, name), list_address(model), [*bars, without])


def first_of(records: Any, keys: Collection[int], number: int) -> list[Any]:
    """Return the first ``number`` of the records with ids in ``keys``, which can be too many for one query.

    Args:
        records: a queryset of tuples that start with the id.
    """
    if len(keys) <= MOST_KEYS:
        return list(records.filter(pk__in=keys)[:number])
    found: list[Any] = []
    start, length = 0, FIRST_READ
    while len(found) < number and (read := list(records[start : start + length])):
        found += [record for record in read if record[0] in keys]
        start, length = start + length, 2 * length
    return found[:number]


def by_number(model: type[Record], name: str, counts: Mapping[Any, int]) -> Chart:
    """Return the chart of the records by tens of a number, and of those without one."""
    unknown = Bar(_("unknown"), counts.get(None, 0), f"{name}__isnull=true")
    known = [number for number in counts if number is not None]
    steps = range(min(known), max(known) + 1) if known else ()
    bars = [Bar(range_label(number), counts.get(number, 0), range_query(name, number)) for number in steps]
    return Chart(chart_title(model, name), list_address(model), [*bars, unknown])


@cached_per_language
def range_label(number: int) -> str:
    first, last = number_format(number * STEP), number_format(number * STEP + STEP - 1)
    return _("%(first)s and over") % {"first": first} if number == LAST_STEP else f"{first}–{last}"


def range_query(name: str, number: int) -> str:
    first, last = number * STEP, number * STEP + STEP - 1
    return f"{name}__gte={first}" if number == LAST_STEP else f"{name}__gte={first}&{name}__lte={last}"


class ChartType(NamedTuple):
    """How to chart a field.

    Attributes:
        sql: the value to count the records by, see :class:`.Grouping`.
        draw: returns the chart of a field's counts.
    """

    sql: str
    draw: Callable[[type[Record], str, Mapping[Any, int]], Chart]


CHARTS: dict[type[Field], ChartType] = {
    RecordForeignKey: ChartType("{0}", by_link),
    BoundedIntegerField: ChartType(
        f"CASE WHEN {{0}} >= {LAST_STEP * STEP} THEN {LAST_STEP} ELSE {{0}} / {STEP} END", by_number
    ),
}
"""How to chart the values of a field, by field class; see :mod:`heroesite.records.checks`."""


def count_and_chart(model: type[Record], names: Iterable[str]) -> tuple[int, list[Chart]]:
    """Return the number of records of a type, and a chart of each named field. One query counts them all."""
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    types = [CHARTS[type(field)] for field in fields]
    groupings = tuple(Grouping(field.column, each.sql) for field, each in zip(fields, types, strict=True))
    counts = record_counts(model, groupings).get()
    # Without fields, there is one count.
    found = zip(fields, types, counts, strict=False)
    charts = [each.draw(model, field.name, counted) for field, each, counted in found]
    return sum(counts[0].values()), charts
