"""Who may see which fields and take which actions: the one place that answers, for every door."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from heroesite.records.models.base import Record

Kind = type[Record] | Record
MASK = "••••••••"
"""What stands for a value that is there and is not shown."""


def is_allowed(user: Any, action: str, kind: Kind) -> bool:
    """Whether ``user`` may ``"view"``, ``"add"``, ``"change"`` or ``"delete"`` records of ``kind``."""
    if action == "view":
        return settings.PUBLIC_READ or user.is_authenticated
    return user.has_perm(f"{kind._meta.app_label}.{action}_{kind._meta.model_name}")


def hidden_fields(user: Any, kind: Kind) -> tuple[str, ...]:
    """The fields of ``kind`` that ``user`` may never see."""
    return tuple(field for field, permission in kind.RESTRICTED.items() if not user.has_perm(permission))


def disclosable_fields(user: Any, kind: Kind) -> tuple[str, ...]:
    """The restricted fields of ``kind`` that ``user`` may see; each showing is recorded."""
    return tuple(field for field, permission in kind.RESTRICTED.items() if user.has_perm(permission))


def unrestricted_fields(kind: Kind) -> tuple[str, ...]:
    """The fields of ``kind`` that whoever sees a record sees: to find, order and list records by."""
    return tuple(field for field in kind.FIELDS if field not in kind.RESTRICTED)


def blind_writes(user: Any, kind: Kind, sent: Iterable[str]) -> set[str]:
    """Those of the fields ``sent`` that ``user`` may not see.

    Writing them counts as a change even if the values equal the stored ones. Otherwise version and
    history would reveal whether a guess was right.
    """
    return set(hidden_fields(user, kind)) & set(sent)


@dataclass(frozen=True)
class AllowedActions:
    """``may`` for templates: ``{% if can.change %}``."""

    user: Any
    kind: Kind

    def __getitem__(self, action: str) -> bool:
        return is_allowed(self.user, action, self.kind)
