"""A strict JSON parser (RFC 8259)."""

import json
from typing import IO, Any, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from heroesite.text import printable

MAX_DEPTH = 20
TOO_DEEP = f"The request body is nested more than {MAX_DEPTH} levels deep. Flatten it."


class StrictJSONParser(BaseParser):
    """Parse UTF-8 JSON without duplicate members, NaN or Infinity, nested at most 20 levels deep."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            body = json.loads(
                stream.read().decode(), object_pairs_hook=unique_members, parse_constant=reject_constant
            )
        except UnicodeDecodeError:
            raise ParseError("The request body isn't UTF-8. Encode it as UTF-8.") from None
        except RecursionError:
            raise ParseError(TOO_DEEP) from None
        except json.JSONDecodeError as error:
            position = f"line {error.lineno}, column {error.colno}"
            raise ParseError(f"The request body isn't valid JSON: {error.msg} at {position}.") from None
        except ValueError:
            raise ParseError(
                "The request body contains a number with too many digits. Send a shorter one."
            ) from None
        if isinstance(body, dict | list):
            check_depth(body)
        return body


def unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the members of a JSON object.

    Raises:
        ParseError: two have the same name.
    """
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise ParseError(f"The member “{printable(name)}” appears more than once. Send it once.")
        members[name] = value
    return members


def reject_constant(name: str) -> NoReturn:
    """Raise a ParseError for NaN, Infinity and -Infinity, which Python reads and JSON doesn't have."""
    raise ParseError(f"{name} isn't valid JSON. Send a number or null.")


def check_depth(body: dict[str, Any] | list[Any]) -> None:
    """Raise a ParseError for a body that is nested too deep for whatever reads it next."""
    level: list[Any] = [body]
    for _depth in range(MAX_DEPTH):
        inner = (value.values() if isinstance(value, dict) else value for value in level)
        level = [value for values in inner for value in values if isinstance(value, dict | list)]
        if not level:
            return
    raise ParseError(TOO_DEEP)
