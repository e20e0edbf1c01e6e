"""Render the rows of a list of records."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from django.db.models import DateTimeField
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from heroesite.cached_per_language import cached_per_language
from heroesite.dates import instant_format
from heroesite.records.addresses import Addresses
from heroesite.records.emblems import emblem_of
from heroesite.records.models.base import Record
from heroesite.records.models.fields import RecordForeignKey
from heroesite.records.row_templates import CELL, RowTemplate
from heroesite.records.templatetags.records import empty
from heroesite.text import to_html


def cell_function(model: type[Record], name: str) -> Callable[[Any], Any]:
    """Return a function that formats a column's values like the filter ``value``, in the active language."""
    field: Any = model._meta.get_field(name)
    nothing = empty(model._meta, name)
    if isinstance(field, RecordForeignKey):
        addresses = Addresses(f"{field.related_model._meta.app_label}:detail")  # type: ignore[union-attr]
        link = '<a class="chip" href="%s"><bdi>%s</bdi></a>'
        return lambda record: (
            nothing
            if record is None
            else mark_safe(link % (to_html(addresses.of(record.pk)), to_html(record)))  # noqa: S308
        )
    if isinstance(field, DateTimeField):
        return instant_format().format
    localized = lru_cache(maxsize=4096)(localize)
    return lambda value: nothing if value is None else value if type(value) is str else localized(value)


class RecordRows:
    """Renders the rows of a list of records, in the language that is active when it is created.

    Args:
        columns: the columns of the list, the name first.
        is_selectable: whether a row has a checkbox.
    """

    def __init__(self, model: type[Record], columns: tuple[Any, ...], *, is_selectable: bool) -> None:
        context = {"columns": columns, "is_selectable": is_selectable}
        self.template = RowTemplate("records/_row.html", context)
        self.addresses = Addresses(f"{model._meta.app_label}:detail")
        self.instants = instant_format()
        self.cells = [
            (column.name, f"{CELL}{column.name}", cell_function(model, column.name))
            for column in columns
            if column.name not in ("name", "updated_at")
        ]

    def render(self, records: Iterable[Any], authors: Mapping[int, str]) -> SafeString:
        """Return the HTML of the rows.

        Args:
            authors: the author of each record's last change, by id; empty if they aren't shown.
        """
        by = {author: format_html(' <bdi class="quiet">{}</bdi>', author) for author in set(authors.values())}
        return self.template.render(
            self.values(record, by[authors[record.pk]] if record.pk in authors else "") for record in records
        )

    def values(self, record: Any, author: str) -> dict[str, Any]:
        """Return the values that the template shows for a record.

        Args:
            author: the HTML of the author of its last change.
        """
        values = {
            "key": f"{record.pk}-{record.version}",
            "address": self.addresses.of(record.pk),
            "emblem": emblem_of(record.name_key),
            "name": str(record),
            "instant": record.updated_at.isoformat(),
            "updated_at": self.instants.format(record.updated_at),
            "author": author,
        }
        for name, key, cell in self.cells:
            values[key] = cell(getattr(record, name))
        return values


@cached_per_language
def record_rows(model: type[Record], columns: tuple[Any, ...], is_selectable: bool) -> RecordRows:
    """Return the renderer for the active language, which all requests share."""
    return RecordRows(model, columns, is_selectable=is_selectable)
