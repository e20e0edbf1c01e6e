"""Cursor (keyset) pagination: a page starts after a row, not after a number of rows.

Rows that are added or deleted between requests neither repeat nor hide others, and the cost of a page doesn't
grow with its depth.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from django.core import signing
from django.db import connections, models
from django.db.models import F, Func, Q, Subquery, Value
from django.db.models.constants import LOOKUP_SEP
from django.db.models.expressions import OrderBy
from django.db.models.lookups import GreaterThan, LessThan

from heroesite.records.counts import count_rows

from .ids_first import counts_first, rows_at

Position = list[Any]
"""The values of a row in the columns that rows are sorted by."""
START = "*"
"""The cursor of the first page, as in Solr and Crossref."""
MAX_LENGTH = 7000
"""The maximum length of a cursor. It allows for two of the longest names, and fits into a request line."""


class InvalidCursor(Exception):
    """The cursor isn't from this list in this order."""


NUMBER: models.Field = models.IntegerField()


class RowValue(Func):
    """Values that are compared as a whole, such as ``(age, id)``, so that an index on all of them is used."""

    template = "(%(expressions)s)"
    output_field = models.BooleanField()  # comparisons require one, but don't use it


@dataclass(frozen=True)
class Column:
    """A column that rows are sorted by; missing values come last in both directions.

    Args:
        field: the model field; annotations, such as counts, are numbers.
        link: the link to the record that has the column; no two of these records have the same value.
    """

    name: str
    descending: bool = False
    nullable: bool = False
    field: models.Field = NUMBER
    link: Any = None

    def equals(self, value: Any) -> Q:
        if value is None:
            return self.is_missing
        equal = Q(**{self.name: value})
        if not self.link:
            return equal
        # The link's index is used only if the id of the linked record is known.
        linked = self.link.related_model.objects.filter(**{self.name.partition(LOOKUP_SEP)[2]: value})
        return equal & Q(**{self.link.attname: Subquery(linked.order_by().values("pk"))})

    @property
    def is_missing(self) -> Q:
        return Q(**{f"{self.link.attname if self.link else self.name}__isnull": True})

    @property
    def is_known(self) -> Q:
        """The condition for rows with a value; with a link, one that uses an index of the linked records."""
        return Q(**({f"{self.name}__gte": ""} if self.link else {f"{self.name}__isnull": False}))

    def order_by(self, *, backwards: bool = False, missing: bool | None = None) -> OrderBy:
        """Return the order.

        A column without missing values has no NULLS FIRST or LAST: PostgreSQL couldn't read its index
        backwards.

        Args:
            missing: whether the value is missing in all rows or, with ``False``, in none.
        """
        nulls: dict[str, Any] = {}
        if self.nullable and missing is None:
            nulls["nulls_first" if backwards else "nulls_last"] = True
        name = self.link.attname if self.link and missing else self.name
        return OrderBy(F(name), descending=self.descending != backwards, **nulls)


@dataclass(frozen=True)
class Range:
    """Consecutive rows of a list, which are read from one range of an index.

    Attributes:
        conditions: the conditions for these rows.
        missing: for each of the first columns, whether its value is missing in all of these rows or in none.
    """

    conditions: Sequence[Any] = ()
    missing: Sequence[bool] = ()

    def __add__(self, other: "Range") -> "Range":
        """Return the rows that are in both ranges. The columns of ``other`` follow those of this range."""
        return Range([*self.conditions, *other.conditions], [*self.missing, *other.missing])


class CursorPaginator:
    """Page through a list in its order.

    Args:
        rows: a queryset in a total order.
    """

    def __init__(self, rows: models.QuerySet[Any]) -> None:
        self.rows, self.signer = rows, signing.Signer(salt=f"{__name__} {rows.model._meta.label_lower}")
        order = rows.query.order_by or rows.model._meta.ordering
        self.columns = [column(part, rows.model, rows.query.annotations) for part in order]

    def page(self, cursor: str, limit: int) -> tuple[list[Any], str | None, str | None]:
        """Return the rows of a page, the cursor of the next page and that of the previous one.

        Args:
            cursor: ``START``, or a cursor from another page.

        Raises:
            InvalidCursor: it is from another list or order, or wasn't signed by this site.
        """
        backwards, position = self.read(cursor)
        found: list[Any] = []
        has_few_matches = self.has_few_matches()
        for rows in self.ranges(position, backwards=backwards):
            found += self.first(rows, limit + 1, has_few_matches=has_few_matches).annotate(
                **self.position_columns
            )
            if len(found) > limit:
                break
        positions = [[getattr(row, name) for name in self.position_columns] for row in found]
        return self.page_of(found, positions, limit, position, backwards=backwards)

    def has_few_matches(self) -> bool:
        """Return whether the list is a search with few matches, see :func:`.ids_first.rows_at`."""
        return counts_first(self.rows) and count_rows(self.rows).is_exact

    def first(self, rows: models.QuerySet[Any], count: int, *, has_few_matches: bool) -> models.QuerySet[Any]:
        """Return the first rows of a range of the list."""
        return (
            rows_at(rows, 0, count, has_few_matches=has_few_matches)
            if self.rows.query.where
            else rows[:count]
        )

    @property
    def position_columns(self) -> dict[str, F]:
        """The columns of a position, by the alias under which they are selected."""
        return {f"position_{number}": F(one.name) for number, one in enumerate(self.columns)}

    def ranges(self, position: Position, *, backwards: bool = False) -> list[models.QuerySet[Any]]:
        """Return the rows after a position or, if ``backwards``, before it.

        They are split into consecutive ranges, the nearest first, because no single range of an index
        contains all of them: first the rows that equal the position in the first columns and come after it
        in the next ones, then those that come after it in the first columns, then those without a value.
        """
        found = self.after(position, backwards=backwards) if position else self.all(backwards=backwards)
        ranges = []
        for one in found:
            order = (
                column.order_by(backwards=backwards, missing=missing)
                for column, missing in zip_longest(self.columns, one.missing)
            )
            ranges.append(self.rows.filter(*one.conditions).order_by(*order))
        return ranges

    def all(self, *, backwards: bool) -> list[Range]:
        """Return the ranges that contain all rows.

        If rows are sorted by a linked record, those without one are a separate range, so that an index of the
        linked records finds the others.
        """
        first = self.columns[0]
        if not (first.link and first.nullable):
            return [Range()]
        ranges = [Range([first.is_known], [False]), Range([first.is_missing], [True])]
        return ranges[::-1] if backwards else ranges

    def after(self, position: Position, start: int = 0, *, backwards: bool) -> Iterator[Range]:
        """Yield the ranges after a position in the columns from ``start`` on."""
        column, value = self.columns[start], position[start]
        end = self.comparable_end(position, start)
        columns, values = self.columns[start:end], position[start:end]
        if end < len(self.columns):
            equal = [one.equals(known) for one, known in zip(columns, values, strict=True)]
            same = Range(equal, [known is None for known in values])
            for deeper in self.after(position, end, backwards=backwards):
                yield same + deeper
        if value is not None:
            beyond = LessThan if column.descending != backwards else GreaterThan
            bounds = (
                Value(one.field.to_python(known), one.field)
                for one, known in zip(columns, values, strict=True)
            )
            row = RowValue(*(F(one.name) for one in columns))
            yield Range([beyond(row, RowValue(*bounds))], [False] * len(columns))
        if column.nullable and (value is None) == backwards:
            yield Range([column.is_known if backwards else column.is_missing], [not backwards])

    def comparable_end(self, position: Position, start: int) -> int:
        """Return the end of the columns from ``start`` on that can be compared as a whole.

        Only the last column before the id and the id can be: each index contains both. On SQLite, they can't,
        because it would use the index only for the first of them.
        """
        columns = self.columns[start:]
        is_comparable = (
            len(columns) == 2
            and columns[0].descending == columns[1].descending
            and not columns[0].link
            and position[start] is not None
            and connections[self.rows.db].vendor != "sqlite"
        )
        return start + 2 if is_comparable else start + 1

    def page_of(
        self, found: list[Any], positions: list[Position], limit: int, position: Position, *, backwards: bool
    ) -> tuple[list[Any], str | None, str | None]:
        """Return the rows of a page in order, the cursor of the next page and that of the previous one.

        Args:
            found: the rows from ``position``, one more than ``limit`` if there are more.
            positions: the position of each row.
        """
        more, found, positions = len(found) > limit, found[:limit], positions[:limit]
        if backwards:
            found.reverse()
            positions.reverse()
        if not found:  # the rest has been deleted: link back to the end of what is left
            return [], START if backwards else None, None if backwards else self.write([], backwards=True)
        to_next = self.write(positions[-1]) if more or backwards else None
        to_previous = self.write(positions[0], backwards=True)
        return found, to_next, to_previous if (more if backwards else position) else None

    @property
    def order(self) -> str:
        return ",".join(f"{'-' if one.descending else ''}{one.name}" for one in self.columns)

    def write(self, position: Position, *, backwards: bool = False) -> str:
        values = [value.isoformat() if isinstance(value, datetime) else value for value in position]
        return self.signer.sign_object([self.order, backwards, values])

    def read(self, cursor: str) -> tuple[bool, Position]:
        """Return whether a cursor leads backwards, and its position.

        Raises:
            InvalidCursor: it is from another list or order, or wasn't signed by this site.
        """
        if cursor == START:
            return False, []
        try:
            order, backwards, values = self.signer.unsign_object(cursor)
        except signing.BadSignature:
            raise InvalidCursor("This cursor isn't valid for this list. Start again with cursor=*.") from None
        if order != self.order:
            raise InvalidCursor("This cursor belongs to another ordering. Start again with cursor=*.")
        return backwards, values


def column(order: Any, model: type[models.Model], annotations: Collection[str]) -> Column:
    """Return the column of an argument of ``order_by``; annotations, such as counts, have no null values."""
    if isinstance(order, str):
        name, descending = order.removeprefix("-"), order.startswith("-")
    else:
        name, descending = order.expression.name, order.descending
    if name in annotations:
        return Column(name, descending)
    if name == "pk":
        return Column(name, descending, field=model._meta.pk)
    first, _separator, rest = name.partition(LOOKUP_SEP)
    field: Any = model._meta.get_field(first)
    if not rest:
        return Column(name, descending, field.null, field)
    return Column(name, descending, field.null, field.related_model._meta.get_field(rest), link=field)
