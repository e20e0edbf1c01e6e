"""Check that all contenders return the same rows with the same members, before they are timed."""

from datetime import UTC, datetime
from typing import Any

from .cases import Case, Round
from .contenders import Site

TIMES = {"created_at", "updated_at"}
OTHERS = {"next", "previous", "count_is_exact"}
"""Members of a list that not all contenders offer. They are timed with them."""
SAMPLES = 5


class Unequal(Exception):
    """Two contenders have returned different responses."""


def comparable(value: Any, *, written: bool) -> Any:
    """Return a response body without members that only some contenders offer, and with times in one notation.

    Args:
        written: whether the request has written the row. If so, members that each contender sets by itself
            are removed: ``id``, ``version``, ``created_at`` and ``updated_at``.
    """
    if isinstance(value, list):
        return [comparable(item, written=written) for item in value]
    if not isinstance(value, dict):
        return value
    skipped = OTHERS | ({"updated_at", "version", "created_at", "id"} if written else set())
    nested = {
        name: comparable(member, written=False) for name, member in value.items() if name not in skipped
    }
    return {name: as_time(member) if name in TIMES else member for name, member in nested.items()}


def as_time(text: str) -> datetime:
    """Return a time in whole milliseconds, as sent by django-ninja, and in UTC if it has no time zone."""
    time = datetime.fromisoformat(text)
    milliseconds = time.microsecond // 1000
    return time.replace(microsecond=milliseconds * 1000, tzinfo=time.tzinfo or UTC)


def check_equal(sites: list[Site], cases: list[Case], heroes: int, starts: dict[str, tuple[str, ...]]) -> int:
    """Compare the responses to the first requests of each case.

    Returns:
        the number of comparisons.

    Raises:
        Unequal: two contenders have returned different responses.
    """
    compared = 0
    for case in cases:
        able = [site for site in sites if case.can(site.contender)]
        if len(able) < 2:
            continue
        responses = [answers_of(site, case, heroes, starts) for site in able]
        for site, found in zip(able[1:], responses[1:], strict=True):
            for expected, response in zip(responses[0], found, strict=True):
                if expected != response:
                    names = f"{able[0].contender.name} and {site.contender.name}"
                    raise Unequal(f"{case.name}: {names} differ.\n{expected}\n{response}")
                compared += 1
    return compared


def answers_of(site: Site, case: Case, heroes: int, starts: dict[str, tuple[str, ...]]) -> list[Any]:
    turn = Round(site.contender, heroes, 0, case.size, starts.get(site.contender.kind, ()))
    found = []
    for request in case.turn(turn, SAMPLES):
        response = site.fetch(request, case.caller)
        written = request.method in {"POST", "PATCH"}
        body = response.json() if response.data else None
        if body is not None and not body.get("results", True):
            raise Unequal(f"{case.name}: {site.contender.name} sent no rows.")
        found.append((response.status, comparable(body, written=written)))
    return found
