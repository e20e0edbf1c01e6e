"""JSON read strictly (RFC 8259): nothing is ignored, nothing is guessed."""

import json
from typing import IO, Any, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from heroesite.text import printable

DEEPEST = 20


class StrictJSONParser(BaseParser):
    """UTF-8 JSON without duplicate members, NaN or Infinity, nested 20 deep at most."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            body = json.loads(
                stream.read().decode(), object_pairs_hook=without_duplicates, parse_constant=refuse_constant
            )
        except UnicodeDecodeError:
            raise ParseError("The body is not UTF-8. Encode it as UTF-8.") from None
        except RecursionError:
            raise ParseError(TOO_DEEP) from None
        except json.JSONDecodeError as error:
            place = f"line {error.lineno}, column {error.colno}"
            raise ParseError(f"The body is not JSON: {error.msg} at {place}.") from None
        except ValueError:
            raise ParseError("The body holds a number with too many digits.") from None
        if isinstance(body, dict | list):
            check_depth(body)
        return body


TOO_DEEP = f"The body is nested more than {DEEPEST} deep."


def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise ParseError(f"The member “{printable(name)}” is given more than once. Give it once.")
        members[name] = value
    return members


def refuse_constant(name: str) -> NoReturn:
    raise ParseError(f"{name} is not JSON. Send a number or null.")


def check_depth(body: dict[str, Any] | list[Any]) -> None:
    level: list[Any] = [body]
    for _depth in range(DEEPEST):
        inner = (value.values() if isinstance(value, dict) else value for value in level)
        level = [value for values in inner for value in values if isinstance(value, dict | list)]
        if not level:
            return
    raise ParseError(TOO_DEEP)
