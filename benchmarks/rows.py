"""Generate the rows that every contender starts with: 1,000 teams and any number of heroes, always the same.

Every hero has been changed twice since it was created. heroesite's history has all three versions.

Names sort in the same order with and without regard to case, so all contenders sort them alike. This order
differs from that of the ids. A tenth of the heroes have no age, and another tenth have no team.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

TEAMS = 1000
VERSIONS = 3
"""The version of each hero."""
COLUMNS = {
    "team": ("id", "name", "headquarters", "version", "created_at", "updated_at"),
    "hero": ("id", "name", "secret_name", "age", "team_id", "version", "created_at", "updated_at"),
}
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = ("Amber", "Brave", "Crimson", "Daring", "Emerald", "Fearless", "Golden", "Hidden", "Iron", "Jade")
SECOND = ("Arrow", "Beacon", "Comet", "Dagger", "Eagle", "Falcon", "Ghost", "Hawk", "Owl", "Panther")


def teams() -> Iterator[tuple]:
    for n in range(1, TEAMS + 1):
        at = BEGINNING + timedelta(seconds=n)
        yield n, f"Team {n * 7 % TEAMS:04}", f"{n} Harbour Road", 1, at, at


def heroes(count: int) -> Iterator[tuple]:
    """Yield ``count`` heroes. Names are unique if ``count`` isn't a multiple of 7919."""
    for n in range(1, count + 1):
        number = n * 7919 % count
        name = f"{FIRST[number % 10]} {SECOND[number // 10 % 10]} {number:07}"
        created = BEGINNING + timedelta(seconds=n)
        updated = created + timedelta(seconds=number, microseconds=n % 1000)
        team, age = n * 31 % TEAMS + 1 if n % 10 else None, n * 37 % 100 if n % 10 != 5 else None
        yield n, name, "Nobody", age, team, VERSIONS, created, updated
