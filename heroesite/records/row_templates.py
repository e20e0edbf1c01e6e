"""Render the rows of a table from a template that is rendered only once for each kind of row.

A table can have a hundred rows that differ only in their values. For each language and choice of columns,
their template is rendered once, with a mark in place of each value. To render a row, the marks are replaced
with its escaped values.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from heroesite.text import all_to_html

MARK = "\0"
"""Encloses the name of a value. No template or translation contains it."""
CELL = "cell "
"""The prefix of the names of values in columns."""


class Marks:
    """Provides a row's template with marks instead of values."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix

    def get(self, name: str) -> SafeString:
        return mark_safe(f"{MARK}{self.prefix}{name}{MARK}")  # noqa: S308  names of columns

    __getitem__ = get


class RowTemplate:
    """A template of one row, rendered with marks.

    Args:
        template: its name. It can show values, as ``row.name`` or (in columns) ``cells|get:name``, but not
            test them.
        context: variables that are the same in all rows.
    """

    def __init__(self, template: str, context: Mapping[str, Any]) -> None:
        rendered = render_to_string(template, {**context, "row": Marks(), "cells": Marks(CELL)})
        html = re.sub(r"\s*\n\s*", "", rendered)
        self.parts = html.split(MARK)
        """The HTML, with the names of values at odd indexes."""
        self.names = self.parts[1::2]

    def render(self, rows: Iterable[Mapping[str, Any]]) -> SafeString:
        """Return the HTML of all rows. Values that aren't marked as safe are escaped."""
        values = all_to_html([row[name] for row in rows for name in self.names])
        html, parts, count = [], self.parts.copy(), len(self.names)
        for start in range(0, len(values), count):
            parts[1::2] = values[start : start + count]
            html += parts
        return mark_safe("".join(html))  # noqa: S308  escaped above, or by the template
