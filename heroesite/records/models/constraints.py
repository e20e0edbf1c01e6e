"""Database constraints that back up the validators of a field."""

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import Q


class FieldCheckConstraint(models.CheckConstraint):
    """A check of one field, in the database.

    The field's validators report the error, so validation doesn't query the database.
    """

    def validate(self, *args: Any, **kwargs: Any) -> None:
        return None

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        _path, args, kwargs = super().deconstruct()
        return "django.db.models.CheckConstraint", args, kwargs


def add_field_check(model: type[models.Model], condition: Q, name: str) -> None:
    """Add a check to a model, named after the model and ``name``. Abstract models have none."""
    meta: Any = model._meta
    if not meta.abstract:
        label = f"{meta.app_label}_{meta.model_name}_{name}"
        meta.constraints.append(FieldCheckConstraint(condition=condition, name=label))
