"""Compare the answers of all contenders before they are timed: the same rows with the same members."""

from datetime import UTC, datetime
from typing import Any

from .cases import Case, Round
from .contenders import Site

TIMES = {"created_at", "updated_at"}
LINKS = {"next", "previous"}
"""Members of a list that FastAPI and django-ninja don't offer. heroesite and DRF are timed with them."""
SAMPLES = 5


class Unequal(Exception):
    """A contender has answered differently."""


def comparable(value: Any, *, written: bool) -> Any:
    """Return an answer without what may differ: the notation of times, and links between pages.

    Args:
        written: whether the request has written the row, so that ``updated_at``, the version, which a peer
            doesn't count, and, of a new row, the id and ``created_at`` are its own.
    """
    if isinstance(value, list):
        return [comparable(item, written=written) for item in value]
    if not isinstance(value, dict):
        return value
    skipped = LINKS | ({"updated_at", "version", "created_at", "id"} if written else set())
    nested = {
        name: comparable(member, written=False) for name, member in value.items() if name not in skipped
    }
    return {name: as_time(member) if name in TIMES else member for name, member in nested.items()}


def as_time(text: str) -> datetime:
    """Return a time in milliseconds, which is what django-ninja sends. SQLite stores no time zone."""
    time = datetime.fromisoformat(text)
    milliseconds = time.microsecond // 1000
    return time.replace(microsecond=milliseconds * 1000, tzinfo=time.tzinfo or UTC)


def check_equal(sites: list[Site], cases: list[Case], heroes: int, starts: dict[str, tuple[str, ...]]) -> int:
    """Compare the answers to the first requests of each case. Returns how many were compared.

    Raises:
        Unequal: two contenders have answered differently.
    """
    compared = 0
    for case in cases:
        able = [site for site in sites if case.can(site.contender)]
        if len(able) < 2:
            continue
        answers = [answers_of(site, case, heroes, starts) for site in able]
        for site, found in zip(able[1:], answers[1:], strict=True):
            for expected, answer in zip(answers[0], found, strict=True):
                if expected != answer:
                    names = f"{able[0].contender.name} and {site.contender.name}"
                    raise Unequal(f"{case.name}: {names} differ.\n{expected}\n{answer}")
                compared += 1
    return compared


def answers_of(site: Site, case: Case, heroes: int, starts: dict[str, tuple[str, ...]]) -> list[Any]:
    turn = Round(site.contender, heroes, 0, case.size, starts.get(site.contender.kind, ()))
    answers = []
    for request in case.turn(turn, SAMPLES):
        response = site.fetch(request, case.caller)
        written = request.method in {"POST", "PATCH"}
        body = response.json() if response.data else None
        if body is not None and not body.get("results", True):
            raise Unequal(f"{case.name}: {site.contender.name} sent no rows.")
        answers.append((response.status, comparable(body, written=written)))
    return answers
