"""Offset pagination: a page starts after a number of rows."""

from dataclasses import dataclass
from typing import Any

from django.db import models

from heroesite.records.counts import Count, count_rows, count_up_to_most, first_matches

from .cursor import CursorPaginator
from .ids_first import any_rows, counts_first, rows_at


@dataclass(frozen=True)
class Page:
    """One page of a list.

    Args:
        records: the records on the page.
        count: the number of records on all pages.
        has_next: whether the list has records after this page.
    """

    records: list[Any]
    count: Count
    limit: int
    offset: int
    has_next: bool

    @property
    def first(self) -> int:
        return self.offset + 1

    @property
    def last(self) -> int:
        return self.offset + len(self.records)

    @property
    def number(self) -> int:
        return self.offset // self.limit + 1

    @property
    def next_offset(self) -> int | None:
        return self.offset + self.limit if self.has_next else None

    @property
    def previous_offset(self) -> int | None:
        return max(self.offset - self.limit, 0) if self.offset else None


class OffsetPaginator:
    """Pages through a list of records in its order.

    Args:
        rows: a queryset in a total order.
        is_exact: whether to count all rows, however many match the filters.
    """

    def __init__(self, rows: models.QuerySet[Any], *, is_exact: bool = False) -> None:
        self.rows, self.ranges = rows, CursorPaginator(rows).ranges([])
        self.is_exact, self.counts_first = is_exact, counts_first(rows)

    def page(self, offset: int, limit: int) -> Page:
        """Return the page at an offset.

        The rows of a filtered list are read before they are counted, because the last page shows how many
        there are. For a search, :meth:`search` counts first. An unfiltered list is counted first, so that no
        rows beyond its end are skipped.
        """
        if self.counts_first:
            found, number = self.search(offset, limit)
            count = self.count_of(number)
        elif self.rows.query.where:
            found = self.read(offset, limit + 1)
            is_last = len(found) <= limit and (found or not offset)
            count = self.count_of(offset + len(found) if is_last else self.count_matches())
        else:
            count = count_rows(self.rows)
            found = self.read(offset, min(limit + 1, count.number - offset))
        return Page(found[:limit], count, limit, offset, has_next=len(found) > limit)

    def search(self, offset: int, limit: int) -> tuple[list[Any], int]:
        """Return the rows at an offset, one more than ``limit`` if there are more, and the number of matches.

        If all matches are on the first page, they are read at once. Otherwise they are counted first, because
        few matches are found in another way than many.
        """
        found = [] if offset else self.read_any(limit + 1)
        if offset or len(found) > limit:
            number = self.count_matches()
            found = self.read(offset, limit + 1, has_few_matches=count_up_to_most(number).is_exact)
            if not found or len(found) > limit:
                return found, number
        return found, offset + len(found)

    def count_of(self, number: int) -> Count:
        return Count(number) if self.is_exact else count_up_to_most(number)

    @property
    def rows_to_count(self) -> models.QuerySet[Any]:
        """The rows of a filtered list that are counted."""
        return self.rows.order_by() if self.is_exact else first_matches(self.rows)

    def count_matches(self) -> int:
        return self.rows_to_count.count()

    def read_any(self, limit: int) -> list[Any]:
        """Return up to ``limit`` rows in their order, but not necessarily the first of it."""
        return list(any_rows(self.rows, limit))

    def read(self, offset: int, length: int, *, has_few_matches: bool = False) -> list[Any]:
        """Return up to ``length`` rows at an offset; none if ``length`` isn't positive.

        Args:
            has_few_matches: see :func:`.ids_first.rows_at`.
        """
        found: list[Any] = []
        for number in range(len(self.ranges)):
            if len(found) >= length:
                break
            if found:
                offset = 0
            elif number and offset:
                offset = max(0, offset - self.count_range(number - 1))
            found += self.read_range(number, offset, length - len(found), has_few_matches=has_few_matches)
        return found

    def read_range(self, number: int, offset: int, limit: int, *, has_few_matches: bool) -> list[Any]:
        """Return up to ``limit`` rows at an offset in a range."""
        return list(rows_at(self.ranges[number], offset, limit, has_few_matches=has_few_matches))

    def count_range(self, number: int) -> int:
        """Return the number of rows in a range."""
        return self.ranges[number].count()


def slice_page(rows: Any, offset: int, limit: int, *, is_exact: bool = True) -> Page:
    """Return the page at an offset of a list that doesn't consist of records.

    Args:
        is_exact: whether to count all rows. Otherwise, ``rows`` is a queryset.
    """
    found = list(rows[offset : offset + limit + 1])
    count = Count(rows.count()) if is_exact else count_rows(rows)
    return Page(found[:limit], count, limit, offset, has_next=len(found) > limit)
