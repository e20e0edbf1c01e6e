"""Indexes for the orders in which lists of records can be sorted."""

from copy import copy
from typing import Any

from django.db import models
from django.db.backends.utils import truncate_name
from django.db.models import F

MAX_NAME_LENGTH = 30
"""Django's limit for the name of an index."""


class NullsLastIndex(models.Index):
    """An index in descending order with ``NULLS LAST``: SQLite always sorts so, and rejects the words."""

    def create_sql(self, model: Any, schema_editor: Any, *args: Any, **kwargs: Any) -> Any:
        if schema_editor.connection.vendor != "sqlite":
            return super().create_sql(model, schema_editor, *args, **kwargs)
        expressions: list[Any] = [copy(expression) for expression in self.expressions]
        for expression in expressions:
            expression.nulls_last = None
        plain = models.Index(*expressions, name=self.name)
        return plain.create_sql(model, schema_editor, *args, **kwargs)


def add_order_indexes(model: type[models.Model], name: str, *, null: bool) -> None:
    """Add the indexes to a model by which its lists are sorted by a field in both directions.

    An index can be read backwards, but missing values come last in both directions, so a field that can be
    empty has two.
    """
    meta: Any = model._meta
    if meta.abstract:
        return
    meta.indexes.append(models.Index(fields=[name, "id"]))
    if null:
        label = truncate_name(f"{meta.app_label}_{meta.model_name}_{name}_desc", MAX_NAME_LENGTH)
        meta.indexes.append(NullsLastIndex(F(name).desc(nulls_last=True), F("id").desc(), name=label))
