"""Which members an answer has: ``fields``, ``omit`` and ``expand`` of a query string."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from heroesite.records.models.fields import RecordForeignKey
from heroesite.records.permissions import Kind, hidden_fields


def member_name(name: str, kind: Any) -> str:
    """The JSON member for a field: the id of a link, else the value under the field's own name."""
    return f"{name}_id" if isinstance(kind._meta.get_field(name), RecordForeignKey) else name


def row_members(user: Any, kind: Kind) -> list[str]:
    """The members that a record has in a list, as far as ``user`` may see them."""
    hidden = hidden_fields(user, kind)
    return ["id", *(member_name(name, kind) for name in kind.FIELDS if name not in hidden), *kind.AUTOMATIC]


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
