"""One line of text: how it is normalized and folded, and which characters it can contain.

Folding follows toNFKC_Casefold of the Unicode Standard (section 5.18 and UAX #44). It is done in Python, so
that SQLite and PostgreSQL agree about ``ÉCLAIR`` and ``Straße``.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Default_Ignorable_Code_Point: characters that aren't displayed.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
# Control characters and line breaks, surrogates, directional formatting characters, spaces without width,
# noncharacters, and U+FFFD, which replaces a character that was lost in a conversion.
FORBIDDEN = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
    "\u200b\u2060\ufeff\ufffd\ufdd0-\ufdef"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)
# The category Zs, and the tab.
BLANKS = re.compile("[\t \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
BRAILLE_BLANK = "\u2800"
IGNORED_BY_SEARCH = {"Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "Zl", "Zp", "Zs", "Cf"}
"""Unicode categories: punctuation, white space and formatting characters."""
WORD_START = "  "
"""Marks the start of a word in a search key. With two spaces, a trigram index finds words by their first
character, on SQLite too, which doesn't pad words. No search term contains a space."""
SHORT = 2
"""The length of a search term, in characters, up to which it is only looked for at the start of a word."""
FAR_TOO_LONG = 1_000
"""Characters. A longer text is longer than the longest field (200) after normalization too."""


def normalize(text: str) -> str:
    """Return ``text`` in NFC, without outer white space, and with a single space for each inner run.

    A text that is far too long isn't brought to NFC: it is rejected anyway, and sorting a million combining
    accents takes minutes.
    """
    text = BLANKS.sub(" ", text.strip())
    return text if len(text) > FAR_TOO_LONG else unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """Return the form of ``text`` in which names are compared, searched and sorted."""
    if text.isascii():  # which Unicode's forms don't change
        return BLANKS.sub(" ", text.lower()).strip()
    folded = INVISIBLE.sub("", unicodedata.normalize("NFKC", text).casefold())
    return BLANKS.sub(" ", unicodedata.normalize("NFKC", folded)).strip()


def without_punctuation(folded: str) -> str:
    """Return the characters of a folded text that a search compares."""
    if folded.isalnum():
        return folded
    return "".join(
        character for character in folded if unicodedata.category(character) not in IGNORED_BY_SEARCH
    )


def search_key(name: str) -> str:
    """Return the text in which searches for a name look for their terms.

    It consists of the whole name without spaces and punctuation, and the first characters of each word after
    the first, as many as a short term has, all marked as starts of words: ``"  spiderman  ma"`` for “Spider
    Man”, and ``"  spiderman"`` for “Spider-Man”. A name that consists of punctuation keeps it.

    It repeats so little that an index on PostgreSQL can contain both the key and the folded name: those of a
    name of 100 characters have less than 2,660 bytes, and 2,704 fit.
    """
    folded = fold(name).split(" ")
    words = [word for word in map(without_punctuation, folded) if word] or folded
    return "".join(f"{WORD_START}{part}" for part in ("".join(words), *(word[:SHORT] for word in words[1:])))


def search_terms(words: Iterable[str]) -> list[str]:
    """Return the terms to look for in search keys, folded, without spaces and punctuation.

    Words that consist of punctuation are ignored, unless there are no others.
    """
    folded = [fold(word) for word in words]
    return [term for term in map(without_punctuation, folded) if term] or [
        word.replace(" ", "") for word in folded
    ]


def printable(text: str) -> str:
    """Return the start of ``text`` for a message, with forbidden characters as code points."""
    return FORBIDDEN.sub(lambda match: f"<U+{ord(match[0]):04X}>", text[:200])


def to_html(value: Any) -> str:
    """Return a value as HTML, as Django's ``conditional_escape`` does, which takes five times as long."""
    return str(value.__html__()) if hasattr(value, "__html__") else escape(str(value))


def all_to_html(values: Sequence[Any]) -> list[str]:
    """Return values as HTML, like :func:`to_html`. All texts are escaped together, which is faster."""
    texts = [value for value in values if type(value) is str]
    escaped = escape("\0".join(texts)).split("\0")
    if len(escaped) != len(texts):  # there are none, or one contains the separator
        escaped = [escape(text) for text in texts]
    following = iter(escaped)
    return [next(following) if type(value) is str else to_html(value) for value in values]


def is_visible(text: str) -> bool:
    """Return whether ``text`` has a character that is displayed."""
    return any(
        unicodedata.category(character)[0] in "LNPS" and character != BRAILLE_BLANK
        for character in INVISIBLE.sub("", text)
    )


def validate_line(text: str) -> None:
    """Validate one line of text.

    Raises:
        ValidationError: it contains a forbidden character (code ``character``), or no visible one
            (``invisible``).
    """
    if match := FORBIDDEN.search(text):
        character = match[0]
        raise ValidationError(
            _("Character %(place)s is %(name)s, which isn't allowed. Remove it."),
            code="character",
            params={
                "place": match.start() + 1,
                "name": f"U+{ord(character):04X} {unicodedata.name(character, '')}".strip(),
            },
        )
    if text and not is_visible(text):
        raise ValidationError(_("Enter at least one visible character."), code="invisible")
