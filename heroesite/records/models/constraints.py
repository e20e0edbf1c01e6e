"""Database constraints that back up the validators of a field."""

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import Q

from heroesite.records.audit.disclosures import Disclosure as Disclosure
from heroesite.records.models.saved_views import SavedView as SavedView


class FieldCheckConstraint(models.CheckConstraint):
    """A check of one field, the database's last line behind the field's own validators.

    The validators have told the fault in words by then, so validating asks the database nothing.
    """

    def validate(self, *args: Any, **kwargs: Any) -> None:
        return None

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        _path, args, kwargs = super().deconstruct()
        return "django.db.models.CheckConstraint", args, kwargs


def line_length_check(field: str, longest: int) -> FieldCheckConstraint:
    """The database's own word on a :class:`LineField`: neither empty nor too long."""
    return FieldCheckConstraint(
        condition=Q(**{f"{field}__length__gte": 1, f"{field}__length__lte": longest}),
        name=f"%(app_label)s_%(class)s_{field}_length",
    )
