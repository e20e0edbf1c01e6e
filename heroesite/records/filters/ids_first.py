"""Read the ids of a page before its rows, so that rows that aren't on it are only looked up in an index."""

from typing import Any

from django.db import connections, models
from django.db.models import F, Func
from django.db.models.expressions import OrderBy

from heroesite.records.models.search_indexes import Contains, ContainsAll

DEEP = 1000
"""The offset from which on it is faster to skip ids in an index than to skip rows."""


class Unindexed(Func):
    """A value that the database reads from the row, even if an index contains it."""

    template = "(SELECT %(expressions)s)"
    arity = 1


def rows_at(
    rows: models.QuerySet[Any], offset: int, limit: int, *, has_few_matches: bool = False
) -> models.QuerySet[Any]:
    """Return up to ``limit`` rows at an offset.

    Args:
        has_few_matches: whether only few rows match a search, so that finding and sorting all is fast. The
            database could read the index for the order instead, and compare every name until the page is
            full. PostgreSQL estimates which is faster, but doesn't know where in the order the matches are,
            and estimates only once for all terms if a statement is prepared.
    """
    if not reads_ids_first(rows, offset):
        return rows[offset : offset + limit]
    page = sorted_without_index(rows) if has_few_matches else rows
    return rows_with_ids(rows, page[offset : offset + limit])


def any_rows(rows: models.QuerySet[Any], limit: int) -> models.QuerySet[Any]:
    """Return up to ``limit`` rows in their order, but not necessarily the first of it."""
    return rows_with_ids(rows, rows.order_by()[:limit])


def rows_with_ids(rows: models.QuerySet[Any], page: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Return the rows of a page in the order of ``rows``."""
    found = rows.all()
    found.query.where = type(found.query.where)()  # the rows with these ids match
    return found.filter(pk__in=page.values("pk"))


def sorted_without_index(rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Return ``rows`` in the same order, which the database can't read from an index."""
    first: Any
    first, *others = rows.query.order_by or rows.model._meta.ordering
    if isinstance(first, str):
        first = OrderBy(F(first.removeprefix("-")), descending=first.startswith("-"))
    first = first.copy()
    first.expression = Unindexed(first.expression)
    return rows.order_by(first, *others)


def reads_ids_first(rows: models.QuerySet[Any], offset: int) -> bool:
    """Return whether to read the ids of a page before its rows.

    At a large offset, only entries of an index are then skipped. In a filtered list, columns that the index
    contains are compared without reading the rows, and only the rows of the page are joined with others. Rows
    with annotations are read at once, because the annotations would be computed twice.
    """
    return not rows.query.annotations and bool(offset >= DEEP or rows.query.where)


def counts_first(rows: models.QuerySet[Any]) -> bool:
    """Return whether the matches of a filtered list are counted before a page is read, see :func:`rows_at`.

    SQLite always finds and sorts the matches of a search.
    """
    where: Any = rows.query.where
    is_search = any(isinstance(condition, (Contains, ContainsAll)) for condition in where.leaves())
    return is_search and not rows.query.annotations and connections[rows.db].vendor == "postgresql"
