"""Paging by position (keyset): a page begins after a row and not after a count of rows, so that none is
missed or seen twice while others come and go, at a cost that does not grow with depth."""

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
"""The values by which a row is ordered."""
START = "*"
"""The cursor of the first page, as at Solr and Crossref."""


class InvalidCursor(Exception):
    """Not a cursor of this list in this order."""


@dataclass(frozen=True)
class Column:
    """A column that rows are ordered by, missing values last whichever way."""

    name: str
    descending: bool
    nullable: bool

    def is_(self, value: Any) -> Q:
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})

    def past(self, value: Any, *, backwards: bool) -> Q:
        """The rows after one with that value; ``backwards``, those before."""
        missing = Q(**{f"{self.name}__isnull": True})
        if value is None:
            return ~missing if backwards else Q(pk__in=())
        beyond = Q(**{f"{self.name}__{self.further(backwards)}": value})
        return beyond | missing if self.nullable and not backwards else beyond

    def from_(self, value: Any, *, backwards: bool) -> Q:
        """The rows from one with that value on, as an index finds them; all, where none can."""
        return Q() if self.nullable else Q(**{f"{self.name}__{self.further(backwards)}e": value})

    def further(self, backwards: bool) -> str:
        return "lt" if self.descending != backwards else "gt"

    def order(self, *, backwards: bool) -> OrderBy:
        missing: dict[str, Any] = {"nulls_first" if backwards else "nulls_last": True}
        return OrderBy(F(self.name), descending=self.descending != backwards, **missing)


class CursorPaginator:
    """The order of a list, by which it is paged through.

    Args:
        rows: a queryset in a total order.
    """

    def __init__(self, rows: models.QuerySet[Any]) -> None:
        self.rows, self.signer = rows, signing.Signer(salt=f"{__name__} {rows.model._meta.label_lower}")
        order = rows.query.order_by or rows.model._meta.ordering
        self.columns = [column(one, rows.model) for one in order]

    def page(self, cursor: str, limit: int) -> tuple[list[Any], str | None, str | None]:
        """The rows of a page, and the cursors of the next and the previous one.

        Args:
            cursor: ``START``, or one that an earlier page gave.

        Raises:
            InvalidCursor: it belongs to another list or order, or is none of ours.
        """
        backwards, position = (False, []) if cursor == START else self.read(cursor)
        rows = self.rows.order_by(*(one.order(backwards=backwards) for one in self.columns))
        if position:
            rows = rows.filter(self.past(position, backwards=backwards))
        names = {f"position_{number}": F(one.name) for number, one in enumerate(self.columns)}
        found = list(rows.annotate(**names)[: limit + 1])
        more, found = len(found) > limit, found[:limit]
        if backwards:
            found.reverse()
        if not found:  # what was there has gone: the way back leads to the end that is left
            return [], START if backwards else None, None if backwards else self.write([], backwards=True)
        to_next = self.write(self.position(found[-1])) if more or backwards else None
        to_previous = self.write(self.position(found[0]), backwards=True)
        return found, to_next, to_previous if (more if backwards else position) else None

    def past(self, position: Position, *, backwards: bool) -> Q:
        """The rows after ``position``: equal to it in the first columns, and past it in the next."""
        compared = list(zip(self.columns, position, strict=True))
        equal = accumulate((one.is_(value) for one, value in compared), and_, initial=Q())
        past = (
            same & one.past(value, backwards=backwards)
            for same, (one, value) in zip(equal, compared, strict=False)
        )
        return self.columns[0].from_(position[0], backwards=backwards) & reduce(or_, past)

    def position(self, row: Any) -> Position:
        return [getattr(row, f"position_{number}") for number in range(len(self.columns))]

    @property
    def order(self) -> str:
        return ",".join(f"{'-' if one.descending else ''}{one.name}" for one in self.columns)

    def write(self, position: Position, *, backwards: bool = False) -> str:
        values = [value.isoformat() if isinstance(value, datetime) else value for value in position]
        return self.signer.sign_object([self.order, backwards, values])

    def read(self, cursor: str) -> tuple[bool, Position]:
        try:
            order, backwards, values = self.signer.unsign_object(cursor)
        except signing.BadSignature:
            raise InvalidCursor("This is no cursor of this list. Begin anew, with cursor=*.") from None
        if order != self.order:
            raise InvalidCursor("This cursor belongs to another ordering. Begin anew, with cursor=*.")
        return backwards, values


def column(order: Any, model: type[models.Model]) -> Column:
    """A column out of what ``order_by`` takes."""
    if isinstance(order, str):
        name, descending = order.removeprefix("-"), order.startswith("-")
    else:
        name, descending = order.expression.name, order.descending
    if name == "pk":
        return Column(name, descending, nullable=False)
    first: Any = model._meta.get_field(name.partition("__")[0])
    return Column(name, descending, nullable=first.null)
