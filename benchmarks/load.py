"""Send requests with wrk, each exactly once, and measure their latency and CPU time."""

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from .cpu import cpu_seconds

SCRIPT = Path(__file__).with_name("load.lua")
LONGEST = 60
"""The seconds after which wrk stops, even if responses are missing."""


class Request(NamedTuple):
    method: str
    path: str
    body: str = ""


@dataclass(frozen=True)
class Turn:
    """The measurements of one contender's turn at one case.

    Attributes:
        rate: requests per second.
        p50, p99: latency in milliseconds.
        errors: responses other than 2xx, failed connections, timeouts, and requests without a response.
        server, database: CPU milliseconds per request.
    """

    rate: float
    p50: float
    p99: float
    errors: int
    server: float
    database: float

    @property
    def cpu(self) -> float:
        return self.server + self.database


def send(
    site: str,
    requests: Sequence[Request],
    headers: Mapping[str, str],
    connections: int,
    server: int,
    database: int | None,
) -> Turn:
    """Send ``requests`` over keep-alive connections.

    Args:
        server, database: the processes whose CPU time is measured, including that of their descendants.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".requests") as file:
        file.writelines(f"{one.method}\t{one.path}\t{one.body}\n" for one in requests)
        file.flush()
        options = ["--threads", "1", "--connections", str(connections), "--duration", f"{LONGEST}s"]
        named = [option for name, text in headers.items() for option in ("--header", f"{name}: {text}")]
        command = [
            "wrk",
            *options,
            "--timeout",
            "30s",
            *named,
            "--script",
            str(SCRIPT),
            site,
            "--",
            file.name,
        ]
        roots = (server, database)
        before = [cpu_seconds(root) if root else 0.0 for root in roots]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        after = [cpu_seconds(root) if root else 0.0 for root in roots]
    _rest, marker, result = ran.stdout.rpartition("RESULT ")
    if not marker:
        raise RuntimeError(f"wrk printed no result: {ran.stdout} {ran.stderr}")
    found = json.loads(result)
    answered = max(found["answered"], 1)
    costs = [(later - earlier) * 1000 / answered for earlier, later in zip(before, after, strict=True)]
    missing = max(len(requests) - found["answered"], found["lost"])
    return Turn(
        answered / max(found["seconds"], 1e-6),
        found["p50"],
        found["p99"],
        found["failed"] + missing,
        costs[0],
        costs[1],
    )
