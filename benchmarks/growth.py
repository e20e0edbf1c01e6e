"""Measure how long heroesite's reads take in registers of different sizes, one request at a time."""

import statistics
import time
from collections.abc import Iterator, Mapping

import psycopg
from django.core import signing

from heroesite.changelog import feed

from .contenders import HEROESITE, PRODUCTION, Site
from .figures import Figure
from .load import Request
from .measuring import Databases
from .rows import TEAMS as TEAM_COUNT

ORDERS = ["name", "-age", "age", "-updated_at", "created_at", "team", "-id"]
REPEATED = 3
LONGEST = 100
"""The milliseconds that a read of the largest register may take."""
ROW, TEAMS, CHANGE_SETS = "/api/v1/heroes/", "/api/v1/teams/", "/api/v1/changesets/"
HISTORY_QUERIES = (
    "offset=1000",
    "source=import",
    "source=api",
    "kind=hero",
    "kind=team",
    "at__gte=2026-01-02T00:00:00Z",
    "at__lte=2026-01-02T00:00:00Z",
)
USER_QUERIES = ("user=editor", "user=nobody", "user=administrator&source=website&kind=hero")
IMPORT = 2
"""The id of a change set with 1,000 heroes."""

Read = tuple[str, str, str]
"""The name of a read, its address and its caller."""


def reads(site: Site, databases: Databases) -> Iterator[Read]:
    yield from list_reads(site, databases.heroes)
    yield from filtered_reads()
    yield from history_reads(databases)
    yield from page_reads(databases.heroes // 2)
    yield from signed_in_reads(databases.heroes // 2)


def list_reads(site: Site, heroes: int) -> Iterator[Read]:
    half = heroes // 2
    yield "one hero", f"{ROW}{half}", ""
    yield "one hero, as_of", f"{ROW}{half}?as_of=2026-01-31T00:00:00Z", ""
    yield "list, count", f"{ROW}?offset=100", ""
    for order in ("name", "-age", "team"):
        yield f"list, offset at half, by {order}", f"{ROW}?offset={half}&ordering={order}", ""
    for order in ORDERS:
        yield (
            f"list, cursor at half, by {order}",
            f"{ROW}?cursor={cursor(site, half, order)}&ordering={order}",
            "",
        )
    yield "teams by number of heroes", f"{TEAMS}?ordering=-heroes__count", ""
    yield "teams with 900 heroes or more", f"{TEAMS}?heroes__count__gte=900", ""
    yield "description of the API", "/api/schema/", ""


def filtered_reads() -> Iterator[Read]:
    for name, query in {
        "search “panther 00012”": "search=panther+00012",
        "search “er 0001”": "search=er+0001",
        "search “pa”": "search=pa",
        "search “pa”, by cursor": "search=pa&cursor=*",
        "search “p”": "search=p",
        "search “zz”, which finds nothing": "search=zz",
        "search “z”, which finds nothing": "search=z",
        "name__istartswith=golden": "name__istartswith=golden",
        "team__name=Team 0500": "team__name=Team+0500",
        "age__gte=50": "age__gte=50",
        "age__gte=50, exact count": "age__gte=50&count=exact",
        "age__isnull=true": "age__isnull=true",
        "team=500": "team=500",
        "team=null": "team=null",
        "created_at__lte": "created_at__lte=2026-01-02T00:00:00Z",
        "updated_at__gte": "updated_at__gte=2026-01-02T00:00:00Z",
    }.items():
        yield name, f"{ROW}?{query}", ""


def history_reads(databases: Databases) -> Iterator[Read]:
    yield "API history of a hero", f"{ROW}{databases.heroes // 2}/history", ""
    yield "feed, start", "/api/v1/changes/", ""
    yield "feed, at half", f"/api/v1/changes/?after={middle_of_feed(databases)}", ""
    yield "change sets", CHANGE_SETS, ""
    for query in HISTORY_QUERIES:
        yield f"change sets, {query}", f"{CHANGE_SETS}?{query}", ""
    for query in USER_QUERIES:
        yield f"change sets, {query}", f"{CHANGE_SETS}?{query}", "token"
    yield "change set of 1,000 heroes", f"{CHANGE_SETS}{IMPORT}", ""


def page_reads(half: int) -> Iterator[Read]:
    for name, address in {
        "home": "/",
        "HTML list": "/heroes/",
        "HTML list, search": "/heroes/?search=er+0001",
        "HTML list, age__gte=50": "/heroes/?age__gte=50",
        "HTML list of teams": "/teams/",
        "HTML detail": f"/heroes/{half}/",
        "HTML detail of a team": "/teams/500/",
        "HTML history of a hero": f"/heroes/{half}/history/",
        "deleted heroes": "/heroes/deleted/",
        "search page": "/search/?search=panther",
        "choices of a team": "/teams/choices/?search=team+05",
        "history": "/history/",
        **{f"history, {query}": f"/history/?{query}" for query in HISTORY_QUERIES},
        "history of 1,000 heroes": f"/history/{IMPORT}/",
    }.items():
        yield name, address, "returning visitor"  # to whom no stored page is sent


def signed_in_reads(half: int) -> Iterator[Read]:
    for name, address in {
        "HTML list": "/heroes/",
        "history": "/history/",
        **{f"history, {query}": f"/history/?{query}" for query in USER_QUERIES},
        "history of 1,000 heroes": f"/history/{IMPORT}/",
        "undo of 1,000 heroes": f"/history/{IMPORT}/undo/",
        "form of a hero": f"/heroes/{half}/edit/",
        "deletion of a hero": f"/heroes/{half}/delete/",
        "deletion of a team": "/teams/500/delete/",
        "revert of a hero": f"/heroes/{half}/history/1/revert/",
        "saved views": "/heroes/views/",
    }.items():
        yield f"{name}, signed in", address, "editor"
    for name, address in {
        "start": "",
        "list": "heroes/hero/",
        "list, search": "heroes/hero/?q=er+0001",
        "list of teams": "teams/team/",
        "form of a hero": f"heroes/hero/{half}/change/",
        "history": "records/changeset/",
        "history, source=import": "records/changeset/?source__exact=import",
        "history, search": "records/changeset/?q=editor",
        "change of 1,000 heroes": f"records/changeset/{IMPORT}/change/",
        "log of disclosures": "records/disclosure/",
        "users": "auth/user/",
    }.items():
        yield f"admin {name}, signed in", f"/admin/{address}", "administrator"


def middle_of_feed(databases: Databases) -> str:
    """Return the feed's cursor within the heroes' history and all of the teams'."""
    with psycopg.connect(databases.urls[HEROESITE]) as connection:
        places = {}
        for label, table, offset in (
            ("heroes.hero", "heroes_historicalhero", databases.heroes),
            ("teams.team", "teams_historicalteam", TEAM_COUNT - 1),
        ):
            query = f"SELECT transaction, history_id FROM {table} ORDER BY 1, 2 OFFSET {offset} LIMIT 1"
            places[label] = connection.execute(query).fetchone()
    return signing.Signer(key=PRODUCTION["SECRET_KEY"], salt=feed.SIGNER.salt).sign_object(places)


def cursor(site: Site, position: int, order: str) -> str:
    """Return the cursor of the page after a row in the middle of the list.

    A cursor depends on the row and the order but not on filters, so a list of two rows returns it.
    """
    path = f"{ROW}?limit=2&offset={position}&ordering={order}&fields=id"
    ids = [row["id"] for row in site.fetch(Request("GET", path)).json()["results"]]
    path = f"{ROW}?id__in={ids[0]},{ids[1]}&limit=1&cursor=*&ordering={order}"
    following: str = site.fetch(Request("GET", path)).json()["next"]
    return following.split("cursor=")[1].split("&")[0]


def measure_reads(databases: Databases) -> dict[str, float]:
    """Return the median duration of each read in milliseconds, after a warm-up request."""
    found = {}
    with databases.serving(HEROESITE) as site:
        for name, address, caller in reads(site, databases):
            times = []
            for number in range(REPEATED + 1):
                start = time.perf_counter()
                site.fetch(Request("GET", address), caller)
                if number:
                    times.append(time.perf_counter() - start)
            found[name] = statistics.median(times) * 1000
    return found


def growth_figures(growth: Mapping[int, Mapping[str, float]]) -> list[Figure]:
    """Return the duration of the slowest read in the largest register."""
    reads = growth[max(growth)]
    slowest = max(reads, key=lambda name: reads[name])
    return [Figure(f"slowest read of {max(growth):,} heroes: {slowest}", reads[slowest], "ms", LONGEST)]
