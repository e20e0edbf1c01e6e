"""An emblem for each record, made from its name."""

from hashlib import sha256

from django.utils.safestring import SafeString, mark_safe

from heroesite.text import fold

DIVISIONS = (
    "M16 0h16v32H16z",
    "M0 15h32v17H0z",
    "M0 0h32L0 32z",
    "M0 0h16v15H0zM16 15h16v17H16z",
    "M0 32 16 13l16 19z",
    "M11 0h10v32H11z",
    "M0 11h32v9H0z",
)
CHARGES = (
    "M16 9a6 6 0 1 0 .010 0z",
    "M16 7l2.400 5.200 5.600.600-4.200 3.800 1.200 5.600-5-2.900-5 2.900 1.200-5.600L8 12.800l5.600-.600z",
    "M16 7l6 8-6 8-6-8z",
    "M14 7h4v6h6v4h-6v6h-4v-6H8v-4h6z",
    "M19 8a7 7 0 1 0 0 14 8 8 0 0 1 0-14z",
    "M17 6 10 17h5l-1 8 8-12h-5z",
    "M9 10h14v3H9zM9 17h14v3H9z",
)
FIELDS = ("#25397f", "#7c1f3a", "#1f5a46", "#57307d", "#7a4a12", "#1d5568", "#3d4450", "#8a2a1c")
METALS = ("#ffd75e", "#f2f4f8", "#f7b58a", "#a9e0d0")


def emblem(name: str) -> SafeString:
    """Return a decorative SVG image, which the stylesheet clips to a shield."""
    return emblem_of(fold(name))


def emblem_of(key: str) -> SafeString:
    """Return the emblem of a record with a folded name."""
    first, second, metal, division, charge = sha256(key.encode()).digest()[:5]
    field = FIELDS[first % len(FIELDS)]
    other = FIELDS[(first + 1 + second % (len(FIELDS) - 1)) % len(FIELDS)]
    svg = (
        '<svg class="emblem" viewBox="0 0 32 32" aria-hidden="true" focusable="false">'
        f'<path fill="{field}" d="M0 0h32v32H0z"/>'
        f'<path fill="{other}" d="{DIVISIONS[division % len(DIVISIONS)]}"/>'
        f'<path fill="{METALS[metal % len(METALS)]}" d="{CHARGES[charge % len(CHARGES)]}"/></svg>'
    )
    return mark_safe(svg)  # noqa: S308  it has no user input
