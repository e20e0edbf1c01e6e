"""Who may see which fields and take which actions: the one place that answers, for every door."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from .models import Record

Kind = type[Record] | Record
MASK = "••••••••"
"""What stands for a value that is there and is not shown."""


def may(user: Any, action: str, kind: Kind) -> bool:
    """Whether ``user`` may ``"view"``, ``"add"``, ``"change"`` or ``"delete"`` records of ``kind``."""
    if action == "view":
        return settings.PUBLIC_READ or user.is_authenticated
    return user.has_perm(f"{kind._meta.app_label}.{action}_{kind._meta.model_name}")


def restricted(user: Any, kind: Kind) -> tuple[str, ...]:
    """The fields of ``kind`` that ``user`` may never see."""
    return tuple(field for field, permission in kind.RESTRICTED.items() if not user.has_perm(permission))


def disclosable(user: Any, kind: Kind) -> tuple[str, ...]:
    """The restricted fields of ``kind`` that ``user`` may see; each showing is recorded."""
    return tuple(field for field, permission in kind.RESTRICTED.items() if user.has_perm(permission))


def open_fields(kind: Kind) -> tuple[str, ...]:
    """The fields of ``kind`` that whoever sees a record sees: to find, order and list records by."""
    return tuple(field for field in kind.FIELDS if field not in kind.RESTRICTED)


def guesses(user: Any, kind: Kind, sent: Iterable[str]) -> set[str]:
    """Those of the fields ``sent`` that ``user`` may not see.

    Writing them counts as a change even where the values equal the stored ones: else version and history
    would tell whether a guess was right.
    """
    return set(restricted(user, kind)) & set(sent)


@dataclass(frozen=True)
class Permissions:
    """``may`` for templates: ``{% if can.change %}``."""

    user: Any
    kind: Kind

    def __getitem__(self, action: str) -> bool:
        return may(self.user, action, self.kind)
