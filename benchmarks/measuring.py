"""Measure contenders in turn, and count their round trips to the database."""

import dataclasses
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .answers import check_equal
from .cases import LIST, ONE, Case, Round, deletions, pages_by_cursor, starts_of_pages
from .contenders import Contender, Site, prepare_heroesite, serving
from .filling import fill_heroesite, fill_peer, fill_sqlite
from .load import Turn, send
from .postgresql import PostgreSQL
from .round_trips import counting

Turns = dict[Case, dict[Contender, list[Turn]]]
"""The turns of each contender at each case, one per round."""
RoundTrips = dict[Case, dict[Contender, float]]
WARM_UP = 40
COUNTED = 12
"""The number of requests whose round trips are counted."""
SETTLING = 0.02
"""The seconds after a response in which a contender may still use the database."""


def report(text: str) -> None:
    """Print progress to the error output, separate from the results."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


@dataclasses.dataclass
class Databases:
    """The filled databases of all contenders, and heroesite's callers."""

    heroes: int
    urls: dict[Contender, str]
    callers: dict[str, dict[str, str]]
    server: PostgreSQL | None

    @property
    def pid(self) -> int | None:
        return self.server.pid if self.server else None

    @contextmanager
    def serving(self, contender: Contender, *, port: int | None = None) -> Iterator[Site]:
        """Run a contender.

        Args:
            port: the port of a proxy for PostgreSQL.
        """
        url = self.urls[contender]
        if port and self.server:
            url = url.replace(f":{self.server.port}/", f":{port}/")
        with serving(contender, url, self.callers if contender.is_heroesite else None) as site:
            yield site


def fill_postgresql(server: PostgreSQL, contenders: Sequence[Contender], heroes: int) -> Databases:
    """Create a database for each contender, with the same rows."""
    report(f"Filling PostgreSQL with {heroes:,} heroes …")
    urls, callers, filled = {}, {}, ""
    for contender in contenders:
        name = f"{contender.database}_{heroes}"
        urls[contender] = server.url(name)
        if contender.is_heroesite:
            server.create(name)
            callers = prepare_heroesite(urls[contender])
            with server.connect(name) as connection:
                fill_heroesite(connection, heroes)
        elif filled:
            server.create(name, template=filled)
        else:
            server.create(name)
            with server.connect(name) as connection:
                fill_peer(connection, heroes)
            filled = name
        server.settle(name)
    return Databases(heroes, urls, callers, server)


def fill_sqlite_files(folder: Path, contenders: Sequence[Contender], heroes: int) -> Databases:
    """Create an SQLite file for each contender, with the same rows."""
    report(f"Filling SQLite with {heroes:,} heroes …")
    urls, callers = {}, {}
    for contender in contenders:
        file = folder / f"{contender.database}.sqlite3"
        urls[contender] = f"sqlite:///{file}"
        if contender.is_heroesite:
            callers = prepare_heroesite(urls[contender])
        fill_sqlite(file, heroes, peer=not contender.is_heroesite)
    return Databases(heroes, urls, callers, None)


def sized(cases: Sequence[Case], heroes: int, rounds: int) -> list[Case]:
    """Return the cases, with fewer deletions if there aren't enough heroes for all rounds."""
    most = heroes // 10 // (rounds + 2)
    return [
        dataclasses.replace(case, size=min(case.size, most)) if case.requests is deletions else case
        for case in cases
    ]


def cursors(site: Site, cases: Sequence[Case]) -> tuple[str, ...]:
    """Return the starts of the pages by cursor, if this contender has a case that needs them."""
    needed = any(case.requests is pages_by_cursor and case.can(site.contender) for case in cases)
    return starts_of_pages(site) if needed else ()


def count_round_trips(databases: Databases, cases: Sequence[Case], number: int) -> RoundTrips:
    """Send requests one at a time, through a proxy that counts round trips to the database.

    Args:
        number: the number of a round that isn't timed.
    """
    counted: RoundTrips = defaultdict(dict)
    if not databases.server:
        return counted
    for contender in databases.urls:
        report(f"Counting the round trips of {contender.name} …")
        with (
            counting(databases.server.port) as counter,
            databases.serving(contender, port=counter.port) as site,
        ):
            starts = cursors(site, cases)
            for request in ONE.turn(Round(contender, databases.heroes, number, WARM_UP)):
                site.fetch(request)
            for case in cases:
                if not case.can(contender) or not case.is_simple:
                    continue
                turn = Round(contender, databases.heroes, number, case.size, starts)
                differences = []
                for request in case.turn(turn, COUNTED):
                    before = counter.count
                    site.fetch(request, case.caller)
                    time.sleep(SETTLING)
                    differences.append(counter.count - before)
                counted[case][contender] = statistics.median(differences)
    return counted


def measure(databases: Databases, cases: Sequence[Case], rounds: int) -> Turns:
    """Compare the responses of all contenders, then measure the contenders in turn at each case."""
    turns: Turns = defaultdict(lambda: defaultdict(list))
    with ExitStack() as stack:
        sites = [stack.enter_context(databases.serving(contender)) for contender in databases.urls]
        starts = {site.contender.kind: cursors(site, cases) for site in sites}
        count = check_equal(sites, [case for case in cases if case.is_simple], databases.heroes, starts)
        report(f"{count} responses of peers are the same as those of heroesite.")
        for site in sites:
            warm_up(site, cases, databases.heroes)
        for number in range(1, rounds + 1):
            shift = number % len(sites)
            for case in cases:
                report(f"Round {number} of {rounds}: {case.name}")
                for site in sites[shift:] + sites[:shift]:
                    if not case.can(site.contender):
                        continue
                    turn = Round(
                        site.contender, databases.heroes, number, case.size, starts[site.contender.kind]
                    )
                    turns[case][site.contender].append(take_turn(site, case, turn, databases))
    return turns


def warm_up(site: Site, cases: Sequence[Case], heroes: int) -> None:
    """Send reads that aren't timed, so that all workers have loaded their code."""
    for case in cases:
        if case in (ONE, LIST):
            turn = Round(site.contender, heroes, 0, 2 * WARM_UP)
            send(site.address, case.turn(turn), site.headers(case.caller), case.connections, site.pid, None)


def take_turn(site: Site, case: Case, turn: Round, databases: Databases) -> Turn:
    requests, headers = case.turn(turn), site.headers(case.caller)
    return send(site.address, requests, headers, case.connections, site.pid, databases.pid)
