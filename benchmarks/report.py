"""Format measurements as Markdown."""

import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from .caching import CachedPage, CachedTurn
from .cases import Case
from .contenders import HEROESITE, PEERS, WORKERS, Contender
from .figures import Figure, number
from .growth import LONGEST
from .load import Turn
from .measuring import RoundTrips, Turns
from .postgresql import ROOT
from .processes import Memory
from .texts import BEHIND_NGINX, CONDITIONS, GOALS, GROWTH, LIMITS, MEMORY

HEADER = (
    "| case | contender | requests/s | p50 ms | p99 ms | errors | CPU ms: server + database"
    " | heroesite / peer (range) | round trips |\n|---|---|--:|--:|--:|--:|--:|--:|--:|\n"
)


def median(turns: Sequence[Turn], value: Callable[[Turn], float]) -> float:
    return statistics.median(value(turn) for turn in turns)


def ratios(ours: Sequence[Turn], theirs: Sequence[Turn]) -> list[float]:
    """Return the ratio of the CPU times per request in each round."""
    return [one.cpu / other.cpu for one, other in zip(ours, theirs, strict=True) if other.cpu]


def ratio(found: Sequence[float]) -> str:
    return f"{statistics.median(found):.2f} ({min(found):.2f}–{max(found):.2f})" if found else ""


def table(turns: Turns, trips: RoundTrips) -> str:
    """Return a row for each case and contender."""
    lines = []
    for case, contenders in turns.items():
        for contender, taken in contenders_in_order(contenders):
            peer = contender != HEROESITE
            count = trips.get(case, {}).get(contender)
            cells = [
                "" if peer and HEROESITE in contenders else case.name,
                contender.name,
                f"{median(taken, lambda turn: turn.rate):,.0f}",
                f"{median(taken, lambda turn: turn.p50):,.1f}",
                f"{median(taken, lambda turn: turn.p99):,.1f}",
                f"{sum(turn.errors for turn in taken):,}",
                " + ".join(
                    f"{median(taken, value):.2f}"
                    for value in (lambda turn: turn.server, lambda turn: turn.database)
                ),
                ratio(ratios(contenders[HEROESITE], taken)) if peer else "",
                "" if count is None else f"{count:g}",
            ]
            lines.append(f"| {' | '.join(cells)} |\n")
    return HEADER + "".join(lines)


def contenders_in_order(contenders: Mapping[Contender, list[Turn]]) -> list[tuple[Contender, list[Turn]]]:
    """Return the contenders, with heroesite first."""
    return sorted(contenders.items(), key=lambda item: item[0] != HEROESITE)


def losses(turns: Turns, where: str) -> list[str]:
    """Return a list item for each peer with the cases in which heroesite costs more, and one for failures."""
    sentences = []
    peers = dict.fromkeys(
        contender for taken in turns.values() for contender in taken if contender != HEROESITE
    )
    for peer in peers:
        found: dict[Case, float] = {}
        for case, taken in turns.items():
            if peer in taken and (values := ratios(taken[HEROESITE], taken[peer])):
                found[case] = statistics.median(values)
        lost = sorted((case for case in found if found[case] > 1), key=lambda case: -found[case])
        names = "; ".join(f"{case.name} ({found[case]:.1f}×)" for case in lost)
        verdict = (
            f"heroesite costs more in {len(lost)} of {len(found)} cases: {names}"
            if lost
            else (f"heroesite costs less in all {len(found)} cases")
        )
        sentences.append(f"- Against {peer.name}{where}, {verdict}.\n")
    failed = [
        f"{contender.name} in “{case.name}” ({sum(turn.errors for turn in taken):,})"
        for case, contenders in turns.items()
        for contender, taken in contenders.items()
        if any(turn.errors for turn in taken)
    ]
    if failed:
        sentences.append(f"- Requests failed{where}: {'; '.join(failed)}.\n")
    return sentences


def growth_table(growth: Mapping[int, Mapping[str, float]]) -> str:
    sizes = list(growth)
    head = f"| read | {' | '.join(f'{size:,}' for size in sizes)} |\n|---|{'--:|' * len(sizes)}\n"
    rows = (
        f"| {name} | {' | '.join(f'{growth[size][name]:,.1f}' for size in sizes)} |\n"
        for name in growth[sizes[0]]
    )
    return head + "".join(rows)


def growing(growth: Mapping[int, Mapping[str, float]]) -> str:
    """Return list items about the slow reads of the largest register, and those that have become slower."""
    least, most = growth[min(growth)], growth[max(growth)]
    slower = with_times(most, [name for name in least if most[name] > 2 * least[name]])
    slow = with_times(most, [name for name in most if most[name] > LONGEST])
    return (
        f"- With {max(growth):,} heroes, these reads take more than {LONGEST} ms: {slow}.\n"
        f"- They take more than twice as long as with {min(growth):,} heroes: {slower}.\n"
    )


def with_times(times: Mapping[str, float], names: Sequence[str]) -> str:
    """Return the reads with their durations, slowest first."""
    ordered = sorted(names, key=lambda name: -times[name])
    return "; ".join(f"{name} ({times[name]:,.0f} ms)" for name in ordered) or "none"


def figures_table(figures: Sequence[Figure]) -> str:
    rows = (
        f"| {each.name} | {number(each.value)} {each.unit} | {each.goal_text} |"
        f" {'yes' if each.is_met else 'no'} |\n"
        for each in figures
    )
    return f"| figure | value | goal | met |\n|---|--:|--:|---|\n{''.join(rows)}"


def case_figures(turns: Turns, where: str) -> list[Figure]:
    """Return a figure for each goal of a case."""
    found = []
    for case, taken in turns.items():
        ours, name = taken[HEROESITE], f"{case.name}{where}"
        for peer, goal in case.goals:
            if values := ratios(ours, taken.get(peer, [])):
                found.append(Figure(f"CPU, {name}: {peer.name}", statistics.median(values), "×", goal))
        if case.most_cpu:
            found.append(Figure(f"CPU, {name}", median(ours, lambda turn: turn.cpu), "ms", case.most_cpu))
        if case.least_rate:
            rate = median(ours, lambda turn: turn.rate)
            found.append(Figure(f"rate, {name}", rate, "requests/s", case.least_rate, at_least=True))
        if case.most_p99:
            found.append(Figure(f"p99, {name}", median(ours, lambda turn: turn.p99), "ms", case.most_p99))
    return found


def missed(figures: Sequence[Figure]) -> str:
    """Return a list item with the goals that aren't met."""
    return (
        f"- Goals that aren't met: {'; '.join(str(each) for each in figures if not each.is_met) or 'none'}.\n"
    )


def cached_table(cached: Mapping[CachedPage, CachedTurn]) -> str:
    rows = (
        f"| {page.name} | {turn.rate:,.0f} | {turn.p50:,.1f} | {turn.p99:,.1f} | {turn.errors:,} |"
        f" {turn.oldest:,.0f} |\n"
        for page, turn in cached.items()
    )
    head = (
        "| page | requests/s | p50 ms | p99 ms | errors | oldest response, ms |\n|---|--:|--:|--:|--:|--:|\n"
    )
    return head + "".join(rows)


def memory_table(memories: Sequence[tuple[str, Memory]]) -> str:
    rows = (f"| {name} | {it.rss:,.0f} | {it.pss:,.0f} | {it.peak:,.0f} |\n" for name, it in memories)
    return f"| when | RSS MiB | PSS MiB | highest RSS MiB |\n|---|--:|--:|--:|\n{''.join(rows)}"


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def commit() -> str:
    ran = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return ran.stdout.strip() or "unknown"


def conditions(heroes: int, rounds: int, postgresql: str) -> str:
    ours = [f"{name} {version(name)}" for name in ("Django", "djangorestframework", "gunicorn", "psycopg")]
    pins = dict(
        line.split("==") for line in (PEERS / "requirements.txt").read_text().splitlines() if "==" in line
    )
    named = (
        "fastapi",
        "sqlmodel",
        "asyncpg",
        "uvicorn",
        "django",
        "djangorestframework",
        "django-ninja",
        "gunicorn",
    )
    return CONDITIONS.format(
        rounds=rounds,
        heroes=heroes,
        postgresql=postgresql,
        workers=WORKERS,
        cores=os.cpu_count(),
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        processor=processor(),
        system=f"{platform.system()} {platform.release()}",
        date=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        commit=commit(),
        ours=f"Python {sys.version.split()[0]}, {', '.join(ours)}",
        peers=", ".join(f"{name} {pins[name]}" for name in named),
    )


def document(
    heroes: int,
    rounds: int,
    postgresql: str,
    turns: Turns,
    trips: RoundTrips,
    on_sqlite: Turns,
    growth: Mapping[int, Mapping[str, float]],
    cached: Mapping[CachedPage, CachedTurn],
    memories: Sequence[tuple[str, Memory]],
    figures: Sequence[Figure],
) -> str:
    """Return the page ``docs/PERFORMANCE.md``."""
    return "\n".join(
        [
            "# Performance\n",
            conditions(heroes, rounds, postgresql),
            "## Where heroesite costs more\n",
            "".join([*losses(turns, ""), *losses(on_sqlite, " on SQLite"), missed(figures), growing(growth)]),
            "## Goals\n",
            GOALS,
            figures_table(figures),
            "## Limits\n",
            LIMITS,
            "## PostgreSQL\n",
            table(turns, trips),
            "## SQLite\n",
            "CPU is that of the server, because SQLite runs in its processes.\n",
            table(on_sqlite, {}),
            "## Growth\n",
            GROWTH,
            growth_table(growth),
            "## Behind nginx\n",
            BEHIND_NGINX,
            cached_table(cached),
            "## Memory\n",
            MEMORY,
            memory_table(memories),
        ]
    )
