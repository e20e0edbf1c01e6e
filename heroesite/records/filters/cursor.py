"""Cursor (keyset) pagination: a page starts after a row, not after a number of rows.

Rows that are added or deleted between requests neither repeat nor hide others, and the cost of a page doesn't
grow with its depth.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from itertools import accumulate
from operator import and_, or_
from typing import Any

from django.core import signing
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import OrderBy

Position = list[Any]
"""The values of a row in the columns that rows are sorted by."""
START = "*"
"""The cursor of the first page, as in Solr and Crossref."""
MAX_LENGTH = 7000
"""The maximum length of a cursor. It allows for two of the longest names, and fits into a request line."""


class InvalidCursor(Exception):
    """The cursor isn't from this list in this order."""


@dataclass(frozen=True)
class Column:
    """A column that rows are sorted by; missing values come last in both directions."""

    name: str
    descending: bool = False
    nullable: bool = False

    def equals(self, value: Any) -> Q:
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})

    def after(self, value: Any, *, backwards: bool) -> Q:
        """Return the rows after a value or, if ``backwards``, before it."""
        missing = Q(**{f"{self.name}__isnull": True})
        if value is None:
            return ~missing if backwards else Q(pk__in=())
        beyond = Q(**{f"{self.name}__{self.lookup(backwards)}": value})
        return beyond | missing if self.nullable and not backwards else beyond

    def at_or_after(self, value: Any, *, backwards: bool) -> Q:
        """Return the rows at or after a value, as an index finds them; all rows of a nullable column."""
        return Q() if self.nullable else Q(**{f"{self.name}__{self.lookup(backwards)}e": value})

    def lookup(self, backwards: bool) -> str:
        return "lt" if self.descending != backwards else "gt"

    def order_by(self, *, backwards: bool = False) -> OrderBy:
        """Return the order.

        A required column has no NULLS FIRST or LAST: PostgreSQL couldn't read its index backwards.
        """
        place = "nulls_first" if backwards else "nulls_last"
        missing: dict[str, Any] = {place: True} if self.nullable else {}
        return OrderBy(F(self.name), descending=self.descending != backwards, **missing)


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
        rows = self.rows_from(position, backwards=backwards)
        found = list(rows.annotate(**self.position_columns)[: limit + 1])
        positions = [[getattr(row, name) for name in self.position_columns] for row in found]
        return self.page_of(found, positions, limit, position, backwards=backwards)

    @property
    def position_columns(self) -> dict[str, F]:
        """The columns of a position, by the alias under which they are selected."""
        return {f"position_{number}": F(one.name) for number, one in enumerate(self.columns)}

    def rows_from(self, position: Position, *, backwards: bool) -> models.QuerySet[Any]:
        """Return the rows after a position or, if ``backwards``, before it, the nearest first."""
        rows = self.rows.order_by(*(one.order_by(backwards=backwards) for one in self.columns))
        return rows.filter(self.after(position, backwards=backwards)) if position else rows

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

    def after(self, position: Position, *, backwards: bool) -> Q:
        """Return the rows that equal ``position`` in the first columns and come after it in the next one."""
        pairs = list(zip(self.columns, position, strict=True))
        equal = accumulate((one.equals(value) for one, value in pairs), and_, initial=Q())
        after = (
            same & one.after(value, backwards=backwards)
            for same, (one, value) in zip(equal, pairs, strict=False)
        )
        return self.columns[0].at_or_after(position[0], backwards=backwards) & reduce(or_, after)

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
    if name == "pk" or name in annotations:
        return Column(name, descending)
    field: Any = model._meta.get_field(name.partition("__")[0])
    return Column(name, descending, nullable=field.null)
