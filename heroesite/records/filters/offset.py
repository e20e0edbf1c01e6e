"""Offset pagination: a page starts after a number of rows."""

from functools import cached_property
from typing import Any

from django.db import models

from heroesite.records.counts import count_rows

from .cursor import CursorPaginator

DEEP = 5000
"""The offset from which on it is faster to skip ids in an index than to skip rows."""


class OffsetPaginator:
    """Pages through a list of records in its order. Like a queryset, it can be counted and sliced.

    Args:
        rows: a queryset in a total order.
    """

    def __init__(self, rows: models.QuerySet[Any]) -> None:
        self.rows, self.ranges = rows, CursorPaginator(rows).ranges([])

    def count(self) -> int:
        """Return the number of rows, which are counted only once."""
        return self.total

    @cached_property
    def total(self) -> int:
        return count_rows(self.rows, self.rows.count)

    def __getitem__(self, page: slice) -> list[Any]:
        return self.page(page.start, min(page.stop, self.total) - page.start)

    def page(self, offset: int, length: int) -> list[Any]:
        """Return ``length`` rows at an offset, which must exist; none if ``length`` isn't positive."""
        found: list[Any] = []
        for number in range(len(self.ranges)):
            if len(found) >= length:
                break
            if found:
                offset = 0
            elif number and offset:
                offset = max(0, offset - self.count_range(number - 1))
            found += self.read_range(number, offset, length - len(found))
        return found

    def read_range(self, number: int, offset: int, limit: int) -> list[Any]:
        """Return up to ``limit`` rows at an offset in a range."""
        return list(rows_at(self.ranges[number], offset, limit))

    def count_range(self, number: int) -> int:
        """Return the number of rows in a range."""
        return self.ranges[number].count()


def rows_at(rows: models.QuerySet[Any], offset: int, limit: int) -> models.QuerySet[Any]:
    """Return up to ``limit`` rows at an offset.

    At a large offset, the ids of the page are read first, so that only entries of an index are skipped. Rows
    with annotations are read at once, because the annotations would be computed twice.
    """
    page = rows[offset : offset + limit]
    if offset < DEEP or rows.query.annotations:
        return page
    return rows.filter(pk__in=page.values("pk"))
