"""Read the ids of a page before its rows, so that rows that aren't on it are only looked up in an index."""

from typing import Any

from django.db import models

DEEP = 5000
"""The offset from which on it is faster to skip ids in an index than to skip rows."""


def rows_at(rows: models.QuerySet[Any], offset: int, limit: int) -> models.QuerySet[Any]:
    """Return up to ``limit`` rows at an offset."""
    page = rows[offset : offset + limit]
    if not reads_ids_first(rows, offset):
        return page
    found = rows.all()
    found.query.where = type(found.query.where)()  # the rows with these ids match
    return found.filter(pk__in=page.values("pk"))


def reads_ids_first(rows: models.QuerySet[Any], offset: int) -> bool:
    """Return whether to read the ids of a page before its rows.

    At a large offset, only entries of an index are then skipped. In a filtered list, columns that the index
    contains are compared without reading the rows, and only the rows of the page are joined with others. Rows
    with annotations are read at once, because the annotations would be computed twice.
    """
    return not rows.query.annotations and bool(offset >= DEEP or rows.query.where)
