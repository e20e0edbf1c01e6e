"""Indexes for sorting lists of records, and for finding records without a value."""

from copy import copy
from typing import Any

from django.db import models
from django.db.backends.utils import truncate_name
from django.db.models import F

MAX_NAME_LENGTH = 30
"""Django's limit for the name of an index."""


class NullsLastIndex(models.Index):
    """A descending index with ``NULLS LAST``. SQLite always sorts this way, and rejects the clause."""

    def create_sql(self, model: Any, schema_editor: Any, *args: Any, **kwargs: Any) -> Any:
        if schema_editor.connection.vendor != "sqlite":
            return super().create_sql(model, schema_editor, *args, **kwargs)
        expressions: list[Any] = [copy(expression) for expression in self.expressions]
        for expression in expressions:
            expression.nulls_last = None
        plain = models.Index(*expressions, name=self.name)
        return plain.create_sql(model, schema_editor, *args, **kwargs)


def add_order_indexes(model: type[models.Model], name: str, *, null: bool) -> None:
    """Add the indexes for sorting a model's lists by a field in both directions.

    An index can be read backwards, but missing values come last in both directions. An optional field
    therefore needs two indexes, and a third one for the list of records without a value, sorted by name.
    """
    meta: Any = model._meta
    if meta.abstract:
        return
    meta.indexes.append(models.Index(fields=[name, "id"]))
    if null:
        label = f"{meta.app_label}_{meta.model_name}_{name}"
        descending = truncate_name(f"{label}_desc", MAX_NAME_LENGTH)
        meta.indexes.append(NullsLastIndex(F(name).desc(nulls_last=True), F("id").desc(), name=descending))
        is_missing = models.Q(**{f"{name}__isnull": True})
        missing = truncate_name(f"{label}_missing", MAX_NAME_LENGTH)
        meta.indexes.append(models.Index(fields=["name_key", "id"], condition=is_missing, name=missing))
