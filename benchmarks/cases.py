"""The cases to measure, as the requests of each round. All contenders get the same requests."""

import dataclasses
import json
import random
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from typing import Any
from urllib.parse import quote

from .contenders import ASYNCPG, DRF, HEROESITE, SQLMODEL, Contender
from .load import Request

PAGES_BY_CURSOR = 40


@dataclasses.dataclass(frozen=True)
class Round:
    """The parameters from which the requests of one turn are generated.

    Attributes:
        contender: the recipient of the requests. Its addresses can have a prefix.
        heroes: the initial number of heroes. Only deletions use the last tenth of their ids.
        number: the number of the round, so that no round repeats the writes of another.
        size: the number of requests in each round.
        starts: the start of each page by cursor, see :func:`starts_of_pages`.
    """

    contender: Contender
    heroes: int
    number: int
    size: int
    starts: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        return f"{self.contender.prefix}/heroes/"

    def random(self) -> random.Random:
        return random.Random(self.number)

    def ids(self) -> Iterator[int]:
        numbers = self.random()
        while True:
            yield numbers.randint(1, self.heroes * 9 // 10)


def one(turn: Round) -> Iterator[Request]:
    return (Request("GET", f"{turn.address}{pk}") for pk in turn.ids())


def pages(turn: Round) -> Iterator[Request]:
    numbers = turn.random()
    while True:
        offset = numbers.randrange(min(turn.heroes, 2000) // 100) * 100
        yield Request("GET", f"{turn.address}?limit=100&offset={offset}")


def pages_by_cursor(turn: Round) -> Iterator[Request]:
    parameter = "cursor" if turn.contender.is_heroesite else "after"
    return (Request("GET", f"{turn.address}?limit=100&{parameter}={start}") for start in cycle(turn.starts))


def deep_pages(ordering: str) -> Callable[[Round], Iterator[Request]]:
    def requests(turn: Round) -> Iterator[Request]:
        numbers = turn.random()
        while True:
            offset = turn.heroes // 2 + numbers.randrange(10) * 100
            yield Request("GET", f"{turn.address}?limit=100&offset={offset}&ordering={ordering}")

    return requests


def patches(turn: Round, first: int = 1000) -> Iterator[Request]:
    """Change ages, each to a value that no hero has had before."""
    for number, pk in enumerate(turn.ids()):
        age = first + turn.number * 10_000 + number
        yield Request("PATCH", f"{turn.address}{pk}", json.dumps({"age": age}))


def posts(turn: Round) -> Iterator[Request]:
    for number, pk in enumerate(turn.ids()):
        name = f"New Hero {turn.number:03}{number:06}"
        hero = {"name": name, "secret_name": "Nobody", "age": number % 100, "team_id": pk % 1000 + 1}
        yield Request("POST", turn.address, json.dumps(hero))


def deletions(turn: Round) -> Iterator[Request]:
    first = turn.heroes * 9 // 10 + 1 + turn.number * turn.size
    return (Request("DELETE", f"{turn.address}{pk}") for pk in range(first, turn.heroes + 1))


def mix(turn: Round) -> Iterator[Request]:
    """Mix 80% lists, 15% single heroes and 5% PATCH."""
    sources = pages(turn), one(turn), patches(turn, first=500_000)
    chosen = random.Random(turn.number + 1)
    while True:
        yield next(chosen.choices(sources, [80, 15, 5])[0])


def page(path: str) -> Callable[[Round], Iterator[Request]]:
    return lambda _turn: cycle([Request("GET", path)])


def html_lists(_turn: Round) -> Iterator[Request]:
    return (Request("GET", f"/heroes/?offset={number * 100}") for number in cycle(range(20)))


@dataclasses.dataclass(frozen=True)
class Case:
    """A kind of request, or a mix of them, to measure.

    Attributes:
        name: the name in the tables.
        requests: generates the requests of a turn; the first ``size`` of them are sent.
        size: the number of requests in a turn.
        caller: the user who sends the requests to heroesite, see :mod:`.preparation`. Peers have no users.
        only: the contenders that support the case; None for all.
        is_simple: whether to compare the responses and count the round trips. Other cases repeat requests of
            simple cases.
        goals: the highest CPU times as ratios to those of peers.
        most_cpu: the highest CPU time of heroesite and its database, in milliseconds, or None.
        least_rate, most_p99: the lowest number of requests per second and the highest p99 in milliseconds, or
            None.
    """

    name: str
    requests: Callable[[Round], Iterator[Request]]
    size: int
    caller: str = ""
    connections: int = 8
    only: tuple[Contender, ...] | None = None
    is_simple: bool = True
    goals: tuple[tuple[Contender, float], ...] = ()
    most_cpu: float | None = None
    least_rate: float | None = None
    most_p99: float | None = None

    def can(self, contender: Contender) -> bool:
        return self.only is None or contender in self.only

    def turn(self, turn: Round, count: int | None = None) -> list[Request]:
        """Return the requests of a turn, or the first ``count`` of them."""
        return list(islice(self.requests(turn), count or turn.size))


FASTAPI = (HEROESITE, SQLMODEL, ASYNCPG)
ONE = Case("one hero", one, 800, goals=((SQLMODEL, 0.3), (ASYNCPG, 1.5)))
TOKEN = Case("one hero, token", one, 800, "token", goals=((SQLMODEL, 0.3), (ASYNCPG, 1.5)))
LIST = Case("list of 100, count", pages, 400, goals=((SQLMODEL, 0.4), (DRF, 0.15)))
CURSOR = Case("list of 100, by cursor", pages_by_cursor, 400, only=FASTAPI, goals=((SQLMODEL, 0.3),))
PATCH = Case("PATCH, token", patches, 400, "token", goals=((SQLMODEL, 0.5),))
POST = Case("POST, token", posts, 400, "token", goals=((SQLMODEL, 0.5),))
DELETE = Case("DELETE, token", deletions, 200, "token", goals=((SQLMODEL, 0.5),))
MIX = Case("80% lists, 15% one hero, 5% PATCH", mix, 400, "token", is_simple=False, goals=((SQLMODEL, 0.4),))
# The SQLModel peer doesn't take part: its requests hold connections of the pool while they wait for a
# thread, so most of them time out after 30 seconds.
MANY_CONNECTIONS = Case(
    "one hero, 256 connections",
    one,
    3000,
    connections=256,
    only=(HEROESITE, ASYNCPG),
    is_simple=False,
    least_rate=3000,
    most_p99=500,
)
QUICK = [ONE, TOKEN, LIST, CURSOR, PATCH, POST, MIX]
COMPARED = [
    ONE,
    TOKEN,
    LIST,
    Case("list of 100, count, token", pages, 400, "token", only=(HEROESITE,)),
    CURSOR,
    Case("list of 100, offset at half, by name", deep_pages("name"), 100, goals=((SQLMODEL, 0.67),)),
    Case("list of 100, offset at half, by -age", deep_pages("-age"), 60, goals=((SQLMODEL, 0.67),)),
    PATCH,
    POST,
    DELETE,
    MIX,
    MANY_CONNECTIONS,
    dataclasses.replace(MANY_CONNECTIONS, name="one hero, 1,000 connections", connections=1000),
]
# Once a minute, each process counts the records again. A turn has as many requests as that of the API's
# list, so that this isn't most of what is measured.
OWN_PAGES = [
    Case("HTML list, computed", html_lists, 400, "returning visitor", only=(HEROESITE,), most_cpu=10),
    Case("HTML list, stored", html_lists, 4000, only=(HEROESITE,), most_cpu=0.5),
    Case("HTML list, signed in", html_lists, 400, "editor", only=(HEROESITE,), most_cpu=14),
    Case("home, computed", page("/"), 400, "returning visitor", only=(HEROESITE,), most_cpu=8),
    Case("home, stored", page("/"), 4000, only=(HEROESITE,), most_cpu=0.5),
    Case("history", page("/history/"), 400, "returning visitor", only=(HEROESITE,), most_cpu=8),
    Case(
        "admin list, signed in",
        page("/admin/heroes/hero/"),
        40,
        "administrator",
        only=(HEROESITE,),
        most_cpu=30,
    ),
]
ON_SQLITE = [
    dataclasses.replace(case, goals=((SQLMODEL, goal),))
    for case, goal in ((ONE, 0.4), (LIST, 0.4), (PATCH, 0.8), (POST, 0.8))
]


def starts_of_pages(site: Any) -> tuple[str, ...]:
    """Return the encoded parameter at which each of the first pages starts.

    This is heroesite's cursor or, for a peer, the last name on the previous page.
    """
    starts, heroesite = ["*" if site.contender.is_heroesite else ""], site.contender.is_heroesite
    parameter = "cursor" if heroesite else "after"
    for _page in range(PAGES_BY_CURSOR - 1):
        path = f"{site.contender.prefix}/heroes/?limit=100&{parameter}={starts[-1]}"
        found = site.fetch(Request("GET", path)).json()
        if heroesite:
            starts.append(found["next"].split("cursor=")[1].split("&")[0])
        else:
            starts.append(quote(found["results"][-1]["name"]))
    return tuple(starts)
