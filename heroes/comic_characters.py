"""Comic characters as the wikis' CSV files tell them: read, mended and told apart. No database.

A title is a name with a universe in parentheses, ``Adam (New Earth)``; a setting or qualifier before
it, ``Loki (Clone) (Earth-616)``, is part of the name, since it tells bearers apart.
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
# "Counter-Earth" is a place in a universe. One title in the files has no blank before its universe.
UNIVERSE = re.compile(r"\s*\((?:[^()]*\s)?Earth\b[^()]*\)\Z")
# A run, since JSON writes a character beyond U+FFFF as two escapes.
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
"""Who stands in the files as ``Public name (Person)``, without a universe; there are two of Flash.

Nothing in the files tells these from ``Bunny (The Elite)`` or ``Kal-El (DC One Million)``, hence a list.
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
    """A file that cannot be read to its end; says where and what to do about it."""

    def __init__(self, file: Path, line: int | None, fault: str) -> None:
        where = _("%(file)s, line %(line)d") if line else "%(file)s"
        super().__init__(f"{where % {'file': printable(str(file)), 'line': line}}: {fault}")


@dataclass(frozen=True, slots=True)
class Character:
    """One row. Whether its texts fit a hero is for the model to say."""

    file: Path
    line: int
    name: str
    secret_name: str
    numbered: bool = False
    """Whether ``name`` ends in a numeral, given because a row before has the name already."""
    fault: str = ""
    """Why the title cannot be read; ``name`` is then as the file has it."""

    def __str__(self) -> str:
        """Where the character stands and their name, fit for any screen; never the secret name."""
        values = {"file": printable(str(self.file)), "line": self.line, "name": printable(self.name)}
        return _("%(file)s, line %(line)d: “%(name)s”") % values


def read(files: Iterable[Path]) -> Iterator[Character]:
    """The characters of all ``files``, no two valid names of which are the same when folded.

    The names depend on the files and their order only: the same files give the same names again.

    Raises:
        UnreadableFile: before the first character, whichever file it is.
    """
    return tell_apart([character(file, line, title) for file in files for line, title in titles(file)])


def titles(file: Path) -> Iterator[tuple[int, str]]:
    """Line and title of each row.

    Raises:
        UnreadableFile: it is missing, not UTF-8, no CSV or has no column of titles.
    """
    rows = csv.reader(lines(file), strict=True)
    first = 1
    try:
        header = next(rows, [])
        if header.count(COLUMN) != 1:
            fault = _("the header must have exactly one column named “%(column)s”, but has: %(header)s.")
            columns = printable(", ".join(header)) or _("none")
            raise UnreadableFile(file, 1, fault % {"column": COLUMN, "header": columns})
        place = header.index(COLUMN)
        first = rows.line_num + 1
        for row in rows:
            if row and len(row) != len(header):
                fault = _(
                    "the row's number of cells (%(cells)d) differs from the header's (%(columns)d)."
                    " Fix the commas and quotes."
                )
                raise UnreadableFile(file, first, fault % {"cells": len(row), "columns": len(header)})
            if row:
                yield first, row[place]
            first = rows.line_num + 1
    except csv.Error as error:
        fault = _("the row is not valid CSV (%(reason)s). Fix the quotes and line breaks.")
        raise UnreadableFile(file, first, fault % {"reason": error}) from None


def lines(file: Path) -> Iterator[str]:
    """The lines of a UTF-8 file, decoded one by one so that a fault has a line number."""
    try:
        with file.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                try:
                    yield line.decode("utf-8-sig" if number == 1 else "utf-8")
                except UnicodeDecodeError:
                    fault = _("the line is not UTF-8. Save the file as CSV in UTF-8.")
                    raise UnreadableFile(file, number, fault) from None
    except OSError as error:
        fault = _("can't read the file (%(reason)s). Check the path and the permissions.")
        raise UnreadableFile(file, None, fault % {"reason": error.strerror}) from None


def character(file: Path, line: int, title: str) -> Character:
    try:
        return Character(file, line, *names(normalize(mended(title))))
    except ValueError:
        fault = _(
            "A backslash in the title doesn't start a valid JSON escape. Fix it, or write two backslashes."
        )
        return Character(file, line, *names(normalize(title)), fault=fault)


def mended(title: str) -> str:
    """``title`` without the JSON escapes that were left in the files.

    Raises:
        ValueError: there is a backslash that escapes nothing.
    """
    return ESCAPES.sub(lambda run: json.loads(f'"{run[0]}"'), title)


def names(title: str) -> tuple[str, str]:
    """Name and secret name. Who has no second name is known by their own, secretly too."""
    name = UNIVERSE.sub("", title)
    public, _blank, person = name.partition(" (")
    if name == title and public in PUBLIC_NAMES and person.endswith(")"):
        return public, person[:-1]
    return name, name


def tell_apart(characters: Sequence[Character]) -> Iterator[Character]:
    """Give each further bearer of a name, whatever its case, the next numeral that is free.

    A numeral is not free where a row has that very name by itself: with a real “Adam II” anywhere in
    the files, a second “Adam” is “Adam III”.
    """
    keys = [fold(character.name) for character in characters]
    own = set(keys)
    reached: Counter[str] = Counter()
    for character, key in zip(characters, keys, strict=True):
        reached[key] += 1
        # A title without a name is refused by the model; "II" alone would pass for one.
        if not key or reached[key] == 1:
            yield character
            continue
        while fold(name := f"{character.name} {numeral(reached[key])}") in own:
            reached[key] += 1
        yield replace(character, name=name, numbered=True)


def numeral(number: int) -> str:
    """``number`` in Roman numerals."""
    letters = ""
    for value, sign in NUMERALS:
        count, number = divmod(number, value)
        letters += sign * count
    return letters
