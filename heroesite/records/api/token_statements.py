"""Load an API token together with what the request writes, in one round trip."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from heroesite.api.authentication import token_statement
from heroesite.api.models import ApiToken
from heroesite.database.statements import JoinedStatement
from heroesite.ids import is_id_number
from heroesite.records.models.base import CreationData, Record
from heroesite.text import fold, normalize

MAX_LENGTH = 200
"""Characters of a name that is looked up before it is validated."""


@cache
def token_and_record_statement(model: type[Record]) -> JoinedStatement:
    """Return the statement that loads a token and a record."""
    return JoinedStatement(token_statement(), model.loading_statement(lock=False))


@cache
def creation_statement(model: type[Record]) -> JoinedStatement:
    """Return the statement that loads a token, the owner of a name and linked records."""
    targets = [field.related_model.loading_statement(lock=False) for field in link_fields(model)]
    return JoinedStatement(token_statement(), model.name_statement(), *targets)


def link_fields(model: type[Record]) -> list[Any]:
    return [model._meta.get_field(name) for name in model.link_names()]


def load_token_for_creation(
    model: type[Record], digest: str, body: Mapping[str, Any]
) -> tuple[ApiToken | None, CreationData | None]:
    """Return the token with this digest, and what the record with this body needs.

    Values that the database may not accept aren't looked up.
    """
    fields, name = link_fields(model), body.get("name")
    keys = [body.get(field.attname) for field in fields]
    is_plain = isinstance(name, str) and len(name) <= MAX_LENGTH and name.isprintable()
    name_key = fold(normalize(name)) if is_plain and name else ""
    found = creation_statement(model).load(
        digest, name_key, *(key if is_id_number(key) else 0 for key in keys)
    )
    token, owner, *targets = found
    links = {field.name: target for field, target in zip(fields, targets, strict=True) if target}
    return token, CreationData(name_key, [owner] if owner else [], links) if token else None
