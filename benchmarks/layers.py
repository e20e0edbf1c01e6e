"""Print how long a request spends in each layer, in one thread that calls heroesite's WSGI application.

    python -m benchmarks.layers one|token|list|cursor|patch|post|html

About every half millisecond, another thread samples the call stack. The time is assigned to the layer of the
innermost function that ``LAYERS`` lists, so it includes the functions that this one calls, and waiting for
PostgreSQL. Logging is off.
"""

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from threading import Event, Thread, get_ident
from types import FrameType
from typing import Any

from django.test import RequestFactory

from heroesite.wsgi import application

from .cases import CURSOR, LIST, ONE, OWN_PAGES, PATCH, POST, TOKEN, Case, Round, starts_of_pages
from .contenders import BEHIND_PROXY, HEROESITE
from .load import Request
from .measuring import Databases, fill_postgresql
from .postgresql import ROOT, postgresql
from .programs import install_programs

CASES = {
    "one": ONE,
    "token": TOKEN,
    "list": LIST,
    "cursor": CURSOR,
    "patch": PATCH,
    "post": POST,
    "html": OWN_PAGES[0],
}
SECONDS, INTERVAL, WARM_UP = 6, 0.0005, 50
REST = "DRF, URLs, handler, middleware"
LAYERS: dict[str, list[tuple[str, set[str]]]] = {
    "token, session and permissions": [
        ("heroesite/api/authentication.py", set()),
        ("heroesite/records/permissions.py", set()),
        ("heroesite/records/api/permissions.py", set()),
        ("django/contrib/auth/", set()),
        ("django/contrib/sessions/", set()),
    ],
    "limits": [("heroesite/api/limits.py", {"allow_request", "count_request"})],
    "count": [
        ("heroesite/records/counts.py", set()),
        ("rest_framework/pagination.py", {"get_count"}),
        ("django/db/models/query.py", {"count"}),
    ],
    "plan: rows and JSON": [
        ("heroesite/records/api/plans.py", set()),
        ("heroesite/records/api/cursor_statements.py", set()),
    ],
    "plan: recognizing the request": [("heroesite/records/api/fast_reads.py", {"parse"})],
    "reading rows": [
        ("heroesite/records/filters/cursor.py", set()),
        ("heroesite/records/filters/filtersets.py", {"page"}),
        ("rest_framework/pagination.py", {"paginate_queryset"}),
        ("heroesite/records/api/viewsets.py", {"get_object"}),
    ],
    "query string": [
        ("heroesite/records/filters/", set()),
        ("heroesite/records/api/filter_backend.py", set()),
        ("django_filters/", set()),
    ],
    "validation": [
        ("heroesite/records/models/base.py", {"clean_fields", "validate_unique", "validate_constraints"}),
        ("django/db/models/base.py", {"full_clean"}),
    ],
    "history": [
        ("heroesite/records/audit/recording.py", set()),
        ("heroesite/records/audit/change_sets.py", {"get_or_create_id", "store_counts"}),
    ],
    "BEGIN and COMMIT": [("django/db/transaction.py", set())],
    "writing the row": [("heroesite/records/models/base.py", {"save", "_update"})],
    "webhooks": [("heroesite/webhooks/", set())],
    "rows to members": [
        ("rest_framework/", {"to_representation", "get_attribute"}),
        ("heroesite/records/", {"to_representation"}),
    ],
    "serializer": [
        ("rest_framework/serializers.py", set()),
        ("rest_framework/fields.py", set()),
        ("heroesite/records/api/serializers.py", set()),
    ],
    "JSON and ETag": [
        ("rest_framework/renderers.py", set()),
        ("rest_framework/utils/json.py", set()),
        ("heroesite/api/conditional.py", set()),
        ("heroesite/api/parsers.py", set()),
    ],
    "forms": [("django/forms/", {"render", "optgroups"})],
    "templates": [("django/template/", set())],
}
"""The files of each layer. If a set isn't empty, only these functions of the file belong to the layer."""


def layer_of(frame: FrameType | None) -> str:
    """Return the layer of the innermost function that belongs to one."""
    while frame:
        file, name = frame.f_code.co_filename, frame.f_code.co_name
        for layer, places in LAYERS.items():
            if any(part in file and (not names or name in names) for part, names in places):
                return layer
        frame = frame.f_back
    return REST


class Answer:
    """A response with the method that :func:`.cases.starts_of_pages` calls."""

    def __init__(self, body: bytes) -> None:
        self.json = lambda: json.loads(body)


class InProcess:
    """heroesite's WSGI application in this process, with the interface of :class:`.contenders.Site`."""

    contender = HEROESITE

    def __init__(self, callers: dict[str, dict[str, str]]) -> None:
        self.callers = callers
        self.factory = RequestFactory(SERVER_NAME="127.0.0.1")

    def environ(self, request: Request, caller: str) -> dict[str, Any]:
        headers = {"Host": "127.0.0.1", **BEHIND_PROXY, **(self.callers[caller] if caller else {})}
        kind = "application/json" if request.body else ""
        made = self.factory.generic(request.method, request.path, request.body, kind, headers=headers)
        environ: dict[str, Any] = made.environ
        return environ

    def call(self, environ: dict[str, Any]) -> bytes:
        """Call the application.

        Raises:
            RuntimeError: the status of the response isn't 2xx.
        """
        statuses = []
        response = application(environ, lambda status, _headers: statuses.append(status))
        body = b"".join(response)
        if close := getattr(response, "close", None):
            close()
        if not statuses[0].startswith("2"):
            raise RuntimeError(f"{environ['PATH_INFO']}: {statuses[0]} {body[:500]!r}")
        return body

    def fetch(self, request: Request, caller: str = "") -> Answer:
        return Answer(self.call(self.environ(request, caller)))


def requests_of(case: Case, site: InProcess, heroes: int) -> Iterable[Request]:
    starts = starts_of_pages(site) if case is CURSOR else ()
    return case.requests(Round(HEROESITE, heroes, 1, case.size, starts))


class Sampler(Thread):
    """Adds up the time per layer of the thread that started it, between ``resume`` and ``pause``.

    Each sample counts for the time since the previous one, because samples are farther apart while Python
    computes than while it waits for the database.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.observed, self.active = get_ident(), Event()
        self.seconds: dict[str, float] = defaultdict(float)

    def resume(self) -> None:
        self.last = time.perf_counter()
        self.active.set()

    def pause(self) -> None:
        self.active.clear()

    def run(self) -> None:
        sys.setswitchinterval(INTERVAL / 5)
        while self.active.wait():
            layer, now = layer_of(sys._current_frames()[self.observed]), time.perf_counter()
            self.seconds[layer] += now - self.last
            self.last = now
            time.sleep(INTERVAL)


def measure(case: Case, heroes: int, callers: dict[str, dict[str, str]]) -> None:
    """Measure a case and print a table of its layers."""
    site, sampler = InProcess(callers), Sampler()
    requests = iter(requests_of(case, site, heroes))
    for _request in range(WARM_UP):
        site.fetch(next(requests), case.caller)
    sampler.start()
    times, end = [], time.monotonic() + SECONDS
    while time.monotonic() < end:
        environ = site.environ(next(requests), case.caller)
        sampler.resume()
        start = time.perf_counter()
        site.call(environ)
        times.append(time.perf_counter() - start)
        sampler.pause()
    mean = sum(times) / len(times) * 1000
    print(f"| {case.name}: {len(times):,} requests | {mean:.2f} ms |\n|---|--:|")
    total = sum(sampler.seconds.values())
    for layer, seconds in sorted(sampler.seconds.items(), key=lambda item: -item[1]):
        print(f"| {layer} | {seconds / total * mean:.2f} |")


def run_on(databases: Databases, case: str) -> None:
    """Measure in a new process with the settings of a production server."""
    environment = HEROESITE.environment(databases.urls[HEROESITE])
    command = [sys.executable, "-m", "benchmarks.layers", case, "measure"]
    subprocess.run(
        command,
        cwd=ROOT,
        env={**environment, "HEROESITE_PROCESS": "web", "HEROES": str(databases.heroes)},
        input=json.dumps(databases.callers),
        text=True,
        check=True,
    )


def main() -> None:
    heroes, arguments = int(os.environ.get("HEROES", "100000")), sys.argv[1:]
    if not arguments or arguments[0] not in CASES:
        sys.exit(f"Choose a case: make profile CASE={'|'.join(CASES)}")
    if "measure" in arguments:
        measure(CASES[arguments[0]], heroes, json.load(sys.stdin))
        return
    install_programs("postgresql")
    with postgresql() as server:
        run_on(fill_postgresql(server, [HEROESITE], heroes), arguments[0])


if __name__ == "__main__":
    main()
