"""Read pages by cursor, with SQL that is compiled only once for each kind of position."""

from datetime import UTC, datetime
from typing import Any

from django.db import connections, models

from heroesite.database.statements import Columns, CountStatement, Row, Statement
from heroesite.records.counts import count_up_to_most, first_matches
from heroesite.records.filters.cursor import CursorPaginator, Position
from heroesite.records.filters.ids_first import counts_first

PLACEHOLDERS = {
    models.DateTimeField: lambda number: datetime(9999, 12, 31, 23, 59, 59, 987_000 + number, tzinfo=UTC),
    models.CharField: lambda number: f"\uffff{number}",  # a noncharacter, which no text contains
    models.IntegerField: lambda number: 2_147_483_600 + number,
}
"""Functions that return a placeholder for a value of a position in compiled SQL, by field class."""


class NotPlannable(Exception):
    """A plan can't produce the same responses as the view."""


class CursorStatements:
    """Pages through a list, with the same results as its paginator.

    Args:
        rows: a queryset in a total order.
        columns: the names of the columns to read, or expressions.
        limit: the number of rows on a page.

    Raises:
        NotPlannable: a filter has the value of a placeholder.
    """

    def __init__(self, rows: models.QuerySet[Any], columns: Columns, limit: int) -> None:
        self.paginator = CursorPaginator(rows)
        self.columns, self.limit, self.database = columns, limit, rows.db
        self.fields = [column.field for column in self.paginator.columns]
        self.placeholders = [
            next(make(number) for kind, make in PLACEHOLDERS.items() if isinstance(field, kind))
            for number, field in enumerate(self.fields)
        ]
        parameters = Statement(rows.values_list("pk")).parameters
        if any(self.adapt(number, value) in parameters for number, value in enumerate(self.placeholders)):
            raise NotPlannable  # a filter has the value of a placeholder
        self.matches = CountStatement(first_matches(rows)) if counts_first(rows) else None
        self.compiled: dict[tuple[bool, bool, tuple[bool, ...]], list[tuple[Statement, list[Any]]]] = {}

    def page(self, cursor: str) -> tuple[list[Row], str | None, str | None]:
        """Return the rows of a page, the cursor of the next page and that of the previous one.

        Raises:
            InvalidCursor: see :class:`CursorPaginator`.
        """
        backwards, position = self.paginator.read(cursor)
        values = [self.adapt(number, value) for number, value in enumerate(position)]
        found: list[Row] = []
        has_few_matches = self.matches is not None and count_up_to_most(self.matches.count()).is_exact
        for statement, parameters in self.compile(
            position, backwards=backwards, has_few_matches=has_few_matches
        ):
            found += statement.execute(
                *(values[number] if number is not None else fixed for number, fixed in parameters)
            )
            if len(found) > self.limit:
                break
        width = len(self.columns)
        rows, positions = [row[:width] for row in found], [list(row[width:]) for row in found]
        return self.paginator.page_of(rows, positions, self.limit, position, backwards=backwards)

    def compile(
        self, position: Position, *, backwards: bool, has_few_matches: bool
    ) -> list[tuple[Statement, list[Any]]]:
        """Return the statements for a direction and the pattern of missing values in a position.

        Args:
            has_few_matches: see :func:`heroesite.records.filters.ids_first.rows_at`.

        Returns:
            for each range the statement, and for each parameter either its index in the position or its fixed
            value.
        """
        missing = tuple(value is None for value in position)
        if compiled := self.compiled.get((backwards, has_few_matches, missing)):
            return compiled
        placeholders = [
            None if is_missing else value
            for value, is_missing in zip(self.placeholders, missing, strict=False)
        ]
        stored = [self.adapt(number, value) for number, value in enumerate(placeholders)]
        columns = self.paginator.position_columns
        ranges = []
        for rows in self.paginator.ranges(placeholders, backwards=backwards):
            values = self.paginator.first(rows, self.limit + 1, has_few_matches=has_few_matches).annotate(
                **columns
            )
            statement = Statement(values.values_list(*self.columns, *columns))
            parameters = [
                (stored.index(value), None) if value in stored else (None, value)
                for value in statement.parameters
            ]
            ranges.append((statement, parameters))
        self.compiled[backwards, has_few_matches, missing] = ranges
        return ranges

    def adapt(self, number: int, value: Any) -> Any:
        """Convert a value of a position to the form that the database compares."""
        field = self.fields[number]
        return field.get_db_prep_value(field.to_python(value), connections[self.database])
