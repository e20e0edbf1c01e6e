"""The sort order of a list."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from heroesite.records.models.fields import RecordForeignKey

from .cursor import Column
from .filters import NamesFilter
from .links import count_annotation, with_link_count


class RecordOrdering(NamesFilter):
    """Sort in a total order: missing values come last on every database, and the id breaks ties.

    The id is sorted in the direction of the last column, so that one index serves both directions.

    Args:
        columns: the columns by name.
        counts: the links whose records are counted, by name.
    """

    def __init__(
        self, columns: Mapping[str, Column], counts: Mapping[str, RecordForeignKey], **kwargs: Any
    ) -> None:
        self.counts = counts
        self.columns = {**columns, **{name: Column(count_annotation(link)) for name, link in counts.items()}}
        names = [f"{sign}{name}" for name in self.columns for sign in ("", "-")]
        super().__init__(names=names, **kwargs)

    def filter(self, qs: Any, value: Any) -> Any:
        if not value:
            return qs
        columns = []
        for text in value:
            name = text.removeprefix("-")
            if name in self.counts:
                qs = with_link_count(qs, self.counts[name])
            columns.append(replace(self.columns[name], descending=text != name))
        columns.append(Column("pk", descending=columns[-1].descending))
        return qs.order_by(*(column.order_by() for column in columns))
