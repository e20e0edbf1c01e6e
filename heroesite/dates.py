"""Format the instants in a table quickly: many of them share a day or a minute."""

from datetime import datetime, time
from functools import lru_cache

from django.utils import dateformat, timezone
from django.utils.formats import get_format

from heroesite.cached_per_language import cached_per_language

DAY_CHARACTERS = set("bdDEFjlLmMnNoStwWyYz")
TIME_CHARACTERS = set("aAfgGhHiP")
"""Characters of Django's date formats that depend on the hour and the minute, and on nothing else."""


class InstantFormat:
    """Formats instants as the template filter ``date`` does, but each day and each minute only once.

    Each language needs its own instance, because the results are cached.
    """

    def __init__(self, text: str) -> None:
        self.text, self.parts = text, split_format(text)
        self.format_day = lru_cache(maxsize=4096)(dateformat.format)
        self.format_minute = lru_cache(maxsize=4096)(dateformat.time_format)

    def format(self, instant: datetime) -> str:
        local = instant.astimezone(timezone.get_default_timezone())  # no page activates another one
        if not self.parts:
            return dateformat.format(local, self.text)
        day, minute = local.date(), time(local.hour, local.minute)
        return "".join(
            [
                self.format_minute(minute, part) if is_time else self.format_day(day, part)
                for part, is_time in self.parts
            ]
        )


def split_format(text: str) -> list[tuple[str, bool]]:
    """Split a date format into parts that depend on either the day or the time.

    Returns:
        each part, and whether it depends on the time; an empty list if the format can't be split.
    """
    parts: list[tuple[str, bool]] = []
    for character in text:
        is_time = character in TIME_CHARACTERS
        if character == "\\" or (character.isalpha() and not is_time and character not in DAY_CHARACTERS):
            return []
        if parts and (not character.isalpha() or parts[-1][1] == is_time):
            parts[-1] = (parts[-1][0] + character, parts[-1][1])
        else:
            parts.append((character, is_time))
    return parts


@cached_per_language
def instant_format() -> InstantFormat:
    """Return the format of the active language, which all requests share."""
    return InstantFormat(get_format("DATETIME_FORMAT"))
