"""Measure how long heroesite's reads take in registers of different sizes, one request at a time."""

import statistics
import time
from collections.abc import Iterator

from .contenders import HEROESITE, Site
from .load import Request
from .measuring import Databases

ORDERS = ["name", "-age", "age", "-updated_at", "created_at", "team", "-id"]
REPEATED = 3
ROW = "/api/v1/heroes/"


def reads(site: Site, heroes: int) -> Iterator[tuple[str, str, str]]:
    """Yield each read: its name, its address and its caller."""
    half = heroes // 2
    yield "one hero", f"{ROW}{half}", ""
    yield "list, count", f"{ROW}?offset=100", ""
    for order in ("name", "-age", "team"):
        yield f"list, offset at half, by {order}", f"{ROW}?offset={half}&ordering={order}", ""
    for order in ORDERS:
        yield (
            f"list, cursor at half, by {order}",
            f"{ROW}?cursor={cursor(site, half, order)}&ordering={order}",
            "",
        )
    yield "search “panther 00012”", f"{ROW}?search=panther+00012", ""
    yield "search “er 0001”", f"{ROW}?search=er+0001", ""
    yield "search “pa”", f"{ROW}?search=pa", ""
    yield "search “p”", f"{ROW}?search=p", ""
    yield "search “zz”, which finds nothing", f"{ROW}?search=zz", ""
    yield "search “z”, which finds nothing", f"{ROW}?search=z", ""
    yield "age__gte=50", f"{ROW}?age__gte=50", ""
    yield "age__gte=50, exact count", f"{ROW}?age__gte=50&count=exact", ""
    yield "age__gte=50, HTML list", "/heroes/?age__gte=50", ""
    yield "team=500", f"{ROW}?team=500", ""
    yield "teams by number of heroes", "/api/v1/teams/?ordering=-heroes__count", ""
    yield "HTML list", "/heroes/", ""
    yield "HTML list, signed in", "/heroes/", "editor"
    yield "HTML detail", f"/heroes/{half}/", ""
    yield "home", "/", ""
    yield "history", "/history/", ""
    yield "admin list, signed in", "/admin/heroes/hero/", "administrator"


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
        for name, address, caller in reads(site, databases.heroes):
            times = []
            for number in range(REPEATED + 1):
                start = time.perf_counter()
                site.fetch(Request("GET", address), caller)
                if number:
                    times.append(time.perf_counter() - start)
            found[name] = statistics.median(times) * 1000
    return found
