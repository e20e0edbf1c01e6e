"""Ids as clients send them."""

from typing import Any

LARGEST_ID = 2**63 - 1


def is_id(text: str) -> bool:
    """Whether ``text`` is a whole number in ASCII digits that any database can look up."""
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST_ID


def is_id_number(value: Any) -> bool:
    """Whether ``value`` is a whole number that any database can look up as an id."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_ID
