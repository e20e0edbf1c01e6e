"""The members of a response: ``fields``, ``omit`` and ``expand`` of a query string."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from heroesite.records.models.base import Record
from heroesite.records.permissions import hidden_fields


@cache
def all_row_members(model: type[Record]) -> dict[str, str]:
    """Return the members of a record in a list, by the name of their field."""
    return {"id": "id", **model.attnames(), **{name: name for name in model.AUTOMATIC}}


def row_members(user: Any, model: type[Record]) -> list[str]:
    """Return the members of a record in a list that ``user`` can see."""
    hidden = hidden_fields(user, model)
    return [member for name, member in all_row_members(model).items() if name not in hidden]


@dataclass(frozen=True)
class SparseFields:
    """The members that a response is reduced to or extended by.

    Args:
        fields: the members to include; empty for all.
        omit: the members to leave out.
        expand: the links for which a list includes the linked record.
    """

    fields: Collection[str] = ()
    omit: Collection[str] = ()
    expand: Collection[str] = ()

    @classmethod
    def from_query(cls, values: Mapping[str, Any]) -> "SparseFields":
        """Read the cleaned data of a query form."""
        return cls(*(tuple(values.get(name) or ()) for name in ("fields", "omit", "expand")))

    def has(self, name: str) -> bool:
        return (not self.fields or name in self.fields) and name not in self.omit

    def keep(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if self.has(name)]

    def check(self, links: Iterable[str]) -> None:
        """Reject combinations that contradict each other.

        Raises:
            ValidationError: for ``fields`` or ``omit``.
        """
        for link in links:
            if link in self.fields and link not in self.expand:
                message = _("To include %(link)s, add expand=%(link)s.")
                raise ValidationError({"fields": ValidationError(message, "expand", {"link": link})})
        if self.fields and not self.keep(self.fields):
            message = _("fields and omit exclude every member. Include at least one.")
            raise ValidationError({"omit": ValidationError(message, "nothing_left")})
