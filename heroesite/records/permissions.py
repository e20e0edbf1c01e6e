"""Permissions: who can see which fields and do what. All interfaces use this module."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings

from .models.base import Record

RecordModel = type[Record] | Record
MASK = "••••••••"
"""Shown in place of a value that exists and isn't shown."""


def is_allowed(user: Any, action: str, model: RecordModel) -> bool:
    """Return whether ``user`` can ``"view"``, ``"add"``, ``"change"`` or ``"delete"`` records of a type."""
    if action == "view":
        return settings.PUBLIC_READ or user.is_authenticated
    return user.has_perm(f"{model._meta.app_label}.{action}_{model._meta.model_name}")


def permission_message(action: str, model: RecordModel) -> str:
    """Return the API's message for a user who isn't allowed to ``action`` records of a type."""
    return f"This needs permission to {action} {model._meta.verbose_name_plural}."


def hidden_fields(user: Any, model: RecordModel) -> tuple[str, ...]:
    """Return the restricted fields that ``user`` can never see."""
    return tuple(name for name, permission in model.RESTRICTED.items() if not user.has_perm(permission))


def hidden_with_links(user: Any, model: type[Record]) -> frozenset[tuple[type[Record], str]]:
    """Return the :func:`hidden_fields` of a record and of its linked records, each with its model."""
    return frozenset((each, name) for each in linked_models(model) for name in hidden_fields(user, each))


def disclosable_fields(user: Any, model: RecordModel) -> tuple[str, ...]:
    """Return the restricted fields that ``user`` can see; each access to them is logged."""
    return tuple(name for name, permission in model.RESTRICTED.items() if user.has_perm(permission))


@cache
def restricting_permissions(model: type[Record]) -> frozenset[str]:
    """Return the permissions required to see restricted values of a record or of its linked records."""
    return frozenset(permission for each in linked_models(model) for permission in each.RESTRICTED.values())


@cache
def linked_models(model: type[Record]) -> list[type[Record]]:
    """Return a record type and those that it links to."""
    fields: list[Any] = [model._meta.get_field(name) for name in model.link_names()]
    return [model, *(field.related_model for field in fields)]


@cache
def unrestricted_fields(model: type[Record]) -> tuple[str, ...]:
    """Return the fields that are visible without a permission. Lists can be filtered and sorted by them."""
    return tuple(name for name in model.FIELDS if name not in model.RESTRICTED)


def blind_writes(user: Any, model: RecordModel, fields: Iterable[str]) -> set[str]:
    """Return those of ``fields`` that ``user`` can write but not see.

    Writing them counts as a change even if the values equal the stored ones. Otherwise version and
    history would reveal whether a guess was right.
    """
    return set(hidden_fields(user, model)) & set(fields)


@dataclass(frozen=True)
class AllowedActions:
    """:func:`is_allowed` for templates: ``{% if can.change %}``."""

    user: Any
    model: RecordModel

    def __getitem__(self, action: str) -> bool:
        return is_allowed(self.user, action, self.model)
