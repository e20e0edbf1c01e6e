"""Render the rows of the admin's list of records from a template that is rendered only once."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import display_for_field
from django.db.models import DateTimeField, ForeignKey
from django.utils.safestring import SafeString

from heroesite.cached_per_language import cached_per_language
from heroesite.dates import instant_format
from heroesite.records.addresses import Addresses
from heroesite.records.models.base import Record
from heroesite.records.row_templates import CELL, RowTemplate


def cell_function(field: Any, empty: str) -> Callable[[Any], Any]:
    """Return a function that formats a column's values as Django's admin does, in the active language."""
    if isinstance(field, ForeignKey):
        return lambda record: empty if record is None else record
    if isinstance(field, DateTimeField):
        return instant_format().format
    return lru_cache(maxsize=4096)(lambda value: display_for_field(value, field, empty))


class AdminRows:
    """Renders rows, in the language that is active when it is created.

    Args:
        names: the fields to show. The first one links to the form.
        empty: what is shown if a field is empty.
        has_actions: whether a row has a checkbox.
        is_popup: whether selecting a row closes the window.
    """

    def __init__(
        self, model: type[Record], names: tuple[str, ...], empty: str, has_actions: bool, is_popup: bool
    ) -> None:
        fields = [model._meta.get_field(name) for name in names]
        context = {
            "fields": [(field.name, isinstance(field, ForeignKey | DateTimeField)) for field in fields],
            "checkbox": ACTION_CHECKBOX_NAME if has_actions else "",
            "is_popup": is_popup,
        }
        self.template = RowTemplate("admin/records/_row.html", context)
        self.addresses = Addresses(f"admin:{model._meta.app_label}_{model._meta.model_name}_change")
        self.cells = [(field.name, f"{CELL}{field.name}", cell_function(field, empty)) for field in fields]

    def render(self, changelist: Any) -> list[SafeString]:
        """Return the HTML of the cells of each row."""
        first = self.addresses.of(0)
        context = {"opts": changelist.opts, "preserved_filters": changelist.preserved_filters}
        filters = add_preserved_filters(context, first).removeprefix(first)
        key = changelist.to_field or "pk"
        return [
            self.template.render(
                [
                    {
                        "pk": record.pk,
                        "key": record.serializable_value(key),
                        "record": record,
                        "address": self.addresses.of(record.pk) + filters,
                        **{place: cell(getattr(record, name)) for name, place, cell in self.cells},
                    }
                ]
            )
            for record in changelist.result_list
        ]


@cached_per_language
def admin_rows(
    model: type[Record], names: tuple[str, ...], empty: str, has_actions: bool, is_popup: bool
) -> AdminRows:
    """Return the renderer for the active language, which all requests share."""
    return AdminRows(model, names, empty, has_actions, is_popup)
