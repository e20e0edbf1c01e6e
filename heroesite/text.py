"""One line of text: how it is normalised, what it may not hold, how its case is folded.

Folding follows toNFKC_Casefold of the Unicode Standard (section 5.18 and UAX #44), done once, in
Python, so that SQLite and PostgreSQL agree about ``ÉCLAIR`` and ``Straße``.
"""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Default_Ignorable_Code_Point: characters that are there and leave no trace on the screen.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
# Control characters and line breaks, surrogates, what steers the direction of writing, blanks of
# no width, noncharacters, and U+FFFD, which stands where a character was lost on the way.
REFUSED = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
    "\u200b\u2060\ufeff\ufffd\ufdd0-\ufdef"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)
# Zs is the blanks of every script; a tab is typed as one.
BLANKS = re.compile("[\t \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
BRAILLE_BLANK = "\u2800"
FAR_TOO_LONG = 1_000
"""Characters of which no more than the longest field (200) can be left: one stands for four at most."""


def normalize(text: str) -> str:
    """``text`` in NFC, without outer white space, each inner run of blanks made one space.

    What is far too long for any field stays as it is, to be refused for its length: putting a million
    accents into order takes minutes, and five thousand in each of a thousand items too.
    """
    text = BLANKS.sub(" ", text.strip())
    return text if len(text) > FAR_TOO_LONG else unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """The form of ``text`` by which names are compared, found and ordered."""
    folded = INVISIBLE.sub("", unicodedata.normalize("NFKC", text).casefold())
    return BLANKS.sub(" ", unicodedata.normalize("NFKC", folded)).strip()


def printable(text: str) -> str:
    """``text`` fit for a message: what cannot be printed is written as its code point."""
    return REFUSED.sub(lambda match: f"<U+{ord(match[0]):04X}>", text[:200])


def is_visible(text: str) -> bool:
    """Whether ``text`` leaves any mark on the screen."""
    return any(
        unicodedata.category(character)[0] in "LNPS" and character != BRAILLE_BLANK
        for character in INVISIBLE.sub("", text)
    )


def validate_line(text: str) -> None:
    """Refuse what must not stand in one line of text.

    Raises:
        ValidationError: codes ``character`` (naming it and its place) and ``invisible``.
    """
    if match := REFUSED.search(text):
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
