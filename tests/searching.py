"""What a search finds, defined in plain Python."""

import unicodedata

from heroesite.text import fold


def compared(text):
    """Return the folded characters of a text that a search compares: no punctuation, space or formatting."""
    categories = {character: unicodedata.category(character) for character in fold(text)}
    return "".join(one for one in fold(text) if categories[one][0] not in "PZ" and categories[one] != "Cf")


def is_found(terms, name):
    """Return whether a search finds a name.

    A term of one or two characters matches the start of the name or of a word in it, a longer one any part of
    the name. Punctuation is compared only if the name or the search has nothing else.
    """
    words = [word for word in map(compared, fold(name).split(" ")) if word] or fold(name).split(" ")
    terms = [term for term in map(compared, terms) if term] or [fold(term).replace(" ", "") for term in terms]
    whole = "".join(words)
    return all(
        term in whole if len(term) > 2 else any(start.startswith(term) for start in (whole, *words))
        for term in terms
    )
