"""Read the CPU time of a process and its descendants from the kernel's accounting."""

import os
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def processes() -> dict[int, tuple[int, float]]:
    """Return the parent and the CPU seconds of each process. Children that have ended are included."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):  # the process has just ended
            continue
        found[int(path.parent.name)] = int(fields[1]), sum(map(int, fields[11:15])) / TICK
    return found


def cpu_seconds(root: int) -> float:
    """Return the CPU seconds that a process and all its descendants have used so far."""
    known = processes()
    children: dict[int, list[int]] = {}
    for pid, (parent, _seconds) in known.items():
        children.setdefault(parent, []).append(pid)
    total, waiting = 0.0, [root]
    while waiting:
        pid = waiting.pop()
        total += known[pid][1] if pid in known else 0.0
        waiting += children.get(pid, [])
    return total
