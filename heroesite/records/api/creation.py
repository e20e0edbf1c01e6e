"""Look up what validating a new record needs, together with the caller, in one round trip."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from heroesite.api.authentication import token_statement
from heroesite.api.models import ApiToken
from heroesite.database.statements import Statement
from heroesite.ids import is_id_number
from heroesite.records.models.base import CreationData, Record
from heroesite.text import fold, normalize

MAX_LENGTH = 200
"""Characters of a name that is looked up before it is validated."""


class CreationStatement(Statement):
    """Loads a token, the owner of a name and linked records, the last two only if the token is found."""

    def __init__(self, model: type[Record]) -> None:
        links: list[Any] = [model._meta.get_field(name) for name in model.link_names()]
        self.token, self.name, self.links = token_statement(), model.name_statement(), links
        self.targets = [field.related_model.loading_statement(lock=False) for field in links]
        parts = [self.token, self.name, *self.targets]
        self.widths = [part.width for part in parts]
        self.database, self.compiler = self.token.database, self.token.compiler
        joins = " ".join(f"LEFT JOIN ({part.sql}) AS part{n} ON TRUE" for n, part in enumerate(parts[1:]))
        self.sql = f"SELECT * FROM ({self.token.sql}) AS token {joins}"  # noqa: S608
        self.fixed = [part.parameters[:-1] for part in parts]
        self.converters, start = {}, 0
        for part in parts:
            self.converters |= {start + index: each for index, each in part.converters.items()}
            start += part.width

    def load(self, digest: str, body: Mapping[str, Any]) -> tuple[ApiToken | None, CreationData | None]:
        """Return the token with this digest, and what the record with this body needs.

        Values that the database may not accept aren't looked up.
        """
        name, keys = body.get("name"), [body.get(field.attname) for field in self.links]
        is_plain = isinstance(name, str) and len(name) <= MAX_LENGTH and name.isprintable()
        name_key = fold(normalize(name)) if is_plain and name else ""
        values = [digest, name_key, *(key if is_id_number(key) else 0 for key in keys)]
        parameters = [
            parameter
            for fixed, value in zip(self.fixed, values, strict=True)
            for parameter in (*fixed, value)
        ]
        for row in self.execute(*parameters):
            parts, start = [], 0
            for width in self.widths:
                parts.append(row[start : start + width])
                start += width
            token, owner, *targets = parts
            links = {
                field.name: target.instance(iter(values))
                for field, target, values in zip(self.links, self.targets, targets, strict=True)
                if values[target.columns.index(field.target_field.attname)] is not None
            }
            owners = [owner] if owner[0] is not None else []
            return self.token.instance(iter(token)), CreationData(name_key, owners, links)
        return None, None


@cache
def creation_statement(model: type[Record]) -> CreationStatement:
    return CreationStatement(model)
