"""Read comic characters from the wikis' CSV files, and give each a unique name. Doesn't use the database.

A title is a name with a universe in parentheses, such as ``Adam (New Earth)``. A qualifier before the
universe, as in ``Loki (Clone) (Earth-616)``, is a part of the name, since it distinguishes characters.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from django.utils.translation import gettext as _

from heroesite.text import fold, normalize, printable

COLUMN = "name"
# "Counter-Earth" is a place in a universe. One title in the files has no space before its universe.
UNIVERSE = re.compile(r"\s*\((?:[^()]*\s)?Earth\b[^()]*\)\Z")
# One or more, since JSON writes a character beyond U+FFFF as two escapes.
ESCAPES = re.compile(r"(?:\\(?:u[0-9a-fA-F]{4}|.?))+", re.DOTALL)
PUBLIC_NAMES = frozenset(
    {
        "Aquaman",
        "Batman",
        "Captain America",
        "Catwoman",
        "Deadpool",
        "Flash",
        "Green Arrow",
        "Green Lantern",
        "Hulk",
        "Iron Man",
        "Red Hulk",
        "Sabretooth",
        "Spider-Man",
        "Superman",
        "Thor",
        "Wolverine",
        "Wonder Woman",
    }
)
"""Names that the files have as ``Public name (Person)``, without a universe; Flash is there twice.

Nothing in the files distinguishes these from ``Bunny (The Elite)`` or ``Kal-El (DC One Million)``.
"""
NUMERALS = (
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
)


class UnreadableFile(Exception):
    """A file that can't be read completely.

    Args:
        line: the number of the line, if it is known.
        reason: what is wrong and how to fix it.
    """

    def __init__(self, file: Path, line: int | None, reason: str) -> None:
        place = _("%(file)s, line %(line)d") if line else "%(file)s"
        super().__init__(f"{place % {'file': printable(str(file)), 'line': line}}: {reason}")


@dataclass(frozen=True, slots=True)
class Character:
    """One row.

    Args:
        name: the title's name. If the title can't be read, the whole title.
        numbered: whether the name has a numeral because an earlier row has the name.
        error: why the title can't be read, or an empty text.
    """

    file: Path
    line: int
    name: str
    secret_name: str
    numbered: bool = False
    error: str = ""

    def __str__(self) -> str:
        """Return the place and the name as printable text, without the secret name."""
        values = {"file": printable(str(self.file)), "line": self.line, "name": printable(self.name)}
        return _("%(file)s, line %(line)d: “%(name)s”") % values


def read(files: Iterable[Path]) -> Iterator[Character]:
    """Yield the characters of all ``files``. No two have the same folded name, unless it is invalid.

    The names depend only on the files and their order.

    Raises:
        UnreadableFile: one of the files can't be read. No character has been yielded then.
    """
    return with_unique_names([character(file, line, title) for file in files for line, title in titles(file)])


def titles(file: Path) -> Iterator[tuple[int, str]]:
    """Yield the line number and the title of each row.

    Raises:
        UnreadableFile: the file is missing, isn't UTF-8 or CSV, or doesn't have one column of titles.
    """
    rows = csv.reader(lines(file), strict=True)
    first = 1
    try:
        header = next(rows, [])
        if header.count(COLUMN) != 1:
            reason = _(
                "the header must have exactly one column named “%(column)s”. Its columns are: %(header)s."
            )
            columns = printable(", ".join(header)) or _("none")
            raise UnreadableFile(file, 1, reason % {"column": COLUMN, "header": columns})
        column = header.index(COLUMN)
        first = rows.line_num + 1
        for row in rows:
            if row and len(row) != len(header):
                reason = _(
                    "the header and the row have different numbers of cells (%(columns)d and %(cells)d)."
                    " Fix the commas and quotes."
                )
                raise UnreadableFile(file, first, reason % {"cells": len(row), "columns": len(header)})
            if row:
                yield first, row[column]
            first = rows.line_num + 1
    except csv.Error as error:
        reason = _("the row is not valid CSV (%(reason)s). Fix the quotes and line breaks.")
        raise UnreadableFile(file, first, reason % {"reason": error}) from None


def lines(file: Path) -> Iterator[str]:
    """Yield the lines of a UTF-8 file, decoded one by one so that an error has a line number."""
    try:
        with file.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                try:
                    yield line.decode("utf-8-sig" if number == 1 else "utf-8")
                except UnicodeDecodeError:
                    reason = _("the line is not UTF-8. Save the file as CSV in UTF-8.")
                    raise UnreadableFile(file, number, reason) from None
    except OSError as error:
        reason = _("can't read the file (%(reason)s). Check the path and the permissions.")
        raise UnreadableFile(file, None, reason % {"reason": error.strerror}) from None


def character(file: Path, line: int, title: str) -> Character:
    """Return the character of a row, with an error if its title can't be read."""
    try:
        return Character(file, line, *names(normalize(unescape(title))))
    except ValueError:
        error = _(
            "A backslash in the title doesn't start a valid JSON escape. Fix it, or write two backslashes."
        )
        return Character(file, line, *names(normalize(title)), error=error)


def unescape(title: str) -> str:
    """Replace the JSON escapes that some titles have.

    Raises:
        ValueError: a backslash doesn't start an escape.
    """
    return ESCAPES.sub(lambda run: json.loads(f'"{run[0]}"'), title)


def names(title: str) -> tuple[str, str]:
    """Return the name and the secret name, which is the same if the title has only one."""
    name = UNIVERSE.sub("", title)
    public, _blank, person = name.partition(" (")
    if name == title and public in PUBLIC_NAMES and person.endswith(")"):
        return public, person[:-1]
    return name, name


def with_unique_names(characters: Sequence[Character]) -> Iterator[Character]:
    """Add the next free numeral to each name that an earlier row has, ignoring case.

    A numeral is free if no row has the resulting name: if the files have an “Adam II”, a second “Adam”
    becomes “Adam III”.
    """
    keys = [fold(character.name) for character in characters]
    original = set(keys)
    counts: Counter[str] = Counter()
    for character, key in zip(characters, keys, strict=True):
        counts[key] += 1
        # The model rejects an empty name, but not "II" alone.
        if not key or counts[key] == 1:
            yield character
            continue
        while fold(name := f"{character.name} {numeral(counts[key])}") in original:
            counts[key] += 1
        yield replace(character, name=name, numbered=True)


def numeral(number: int) -> str:
    """Return a number in Roman numerals."""
    letters = ""
    for value, letter in NUMERALS:
        count, number = divmod(number, value)
        letters += letter * count
    return letters
