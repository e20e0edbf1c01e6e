"""Which members an answer has: ``fields``, ``omit`` and ``expand`` of a query string."""

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
    """Return the members of a record in a list that ``user`` may see."""
    hidden = hidden_fields(user, model)
    return [member for name, member in all_row_members(model).items() if name not in hidden]


@dataclass(frozen=True)
class SparseFields:
    """What an answer is narrowed to, or widened by.

    Args:
        fields: the members to keep; all, where none are named.
        omit: the members to leave out.
        expand: the links that stand in a list with the record that they lead to.
    """

    fields: Collection[str] = ()
    omit: Collection[str] = ()
    expand: Collection[str] = ()

    @classmethod
    def asked(cls, values: Mapping[str, Any]) -> "SparseFields":
        """The shape that a checked query asks for."""
        return cls(*(tuple(values.get(name) or ()) for name in ("fields", "omit", "expand")))

    def has(self, name: str) -> bool:
        return (not self.fields or name in self.fields) and name not in self.omit

    def keep(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if self.has(name)]

    def check(self, links: Iterable[str]) -> None:
        """Refuse what does not go together.

        Raises:
            ValidationError: for ``fields`` or ``omit``.
        """
        for link in links:
            if link in self.fields and link not in self.expand:
                words = _("“%(link)s” is there with expand=%(link)s only.")
                raise ValidationError({"fields": ValidationError(words, "expand", {"link": link})})
        if self.fields and not self.keep(self.fields):
            words = _("Nothing is left of fields. Leave one of them in.")
            raise ValidationError({"omit": ValidationError(words, "nothing_left")})
