"""Start heroesite and its peers, each with two worker processes, and send requests to them."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import urllib3

from .load import Request
from .postgresql import FOLDER, ROOT, free_port

PEERS = Path(__file__).with_name("peers")
BIN = FOLDER / "peers" / "bin"
WORKERS = 2
PRODUCTION = {
    "HEROESITE_ENV": "production",
    "SECRET_KEY": "for benchmarks only " * 3,
    "ALLOWED_HOSTS": "127.0.0.1",
    "EMAIL_URL": "dummy:",
    "LOG_LEVEL": "INFO",
    "LIMIT_USER": "0",
    "LIMIT_TOKEN": "0",
    "LIMIT_ADDRESS": "0",
}
BEHIND_PROXY = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1"}
"""The headers that a proxy would add. Without them, heroesite redirects to HTTPS in production."""


@dataclass(frozen=True)
class Contender:
    """A service to measure.

    Attributes:
        name: the name in the tables.
        kind: ``heroesite``, or the module of a peer.
        prefix: the path before ``/heroes/`` in its addresses.
    """

    name: str
    kind: str
    prefix: str = ""

    @property
    def is_heroesite(self) -> bool:
        return self.kind == "heroesite"

    @property
    def is_django(self) -> bool:
        return self.kind in {"drf", "ninja_api"}

    @property
    def database(self) -> str:
        return self.kind

    def command(self, port: int) -> list[str]:
        address = f"127.0.0.1:{port}"
        if self.is_heroesite:
            config = ["--config", "deploy/gunicorn.conf.py", "--bind", address, "--workers", str(WORKERS)]
            return [sys.executable, "-m", "gunicorn", *config, "heroesite.wsgi"]
        if self.is_django:
            options = ["--worker-class", "gthread", "--threads", "4", "--workers", str(WORKERS)]
            return [str(BIN / "gunicorn"), *options, "--bind", address, "django_wsgi"]
        options = ["--workers", str(WORKERS), "--no-access-log", "--log-level", "warning"]
        return [str(BIN / "uvicorn"), f"{self.kind}:app", *options, "--port", str(port)]

    def environment(self, database_url: str) -> dict[str, str]:
        """Return the environment of its processes. Other variables of this process aren't passed on."""
        plain = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        if self.is_heroesite:
            return {**plain, **PRODUCTION, "DATABASE_URL": database_url}
        if self.kind == "fastapi_sqlmodel":
            database_url = database_url.replace("postgresql://", "postgresql+psycopg://")
        return {**plain, "DATABASE_URL": database_url, "PEER": self.kind}


HEROESITE = Contender("heroesite", "heroesite", "/api/v1")
SQLMODEL = Contender("FastAPI + SQLModel", "fastapi_sqlmodel")
ASYNCPG = Contender("FastAPI + asyncpg", "fastapi_asyncpg")
DRF = Contender("stock DRF", "drf")
NINJA = Contender("django-ninja", "ninja_api")
ALL = [HEROESITE, SQLMODEL, ASYNCPG, DRF, NINJA]


@dataclass
class Site:
    """A running contender.

    Attributes:
        pid: the parent process of its workers.
        callers: the headers of each caller by name. Peers have no callers.
    """

    contender: Contender
    address: str
    pid: int
    callers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def headers(self, caller: str) -> dict[str, str]:
        if not self.contender.is_heroesite:
            return {}
        return {**BEHIND_PROXY, **(self.callers[caller] if caller else {})}

    def fetch(self, request: Request, caller: str = "") -> urllib3.BaseHTTPResponse:
        """Send one request.

        Raises:
            RuntimeError: the status of the response isn't 2xx.
        """
        headers = self.headers(caller) | ({"Content-Type": "application/json"} if request.body else {})
        address, body = self.address + request.path, request.body or None
        response = POOL.request(request.method, address, body=body, headers=headers, redirect=False)
        if not 200 <= response.status < 300:
            start = response.data[:500].decode(errors="replace")
            raise RuntimeError(
                f"{request.method} {request.path} of {self.contender.name}: {response.status} {start}"
            )
        return response


POOL = urllib3.PoolManager(timeout=90, retries=False)


def install_peers() -> None:
    """Install the peers into their own virtual environment, unless this has been done."""
    requirements, installed = PEERS / "requirements.txt", FOLDER / "peers" / "requirements.txt"
    if installed.exists() and installed.read_text() == requirements.read_text():
        return
    print("Installing the peers …", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", BIN.parent], check=True)
    pip: list[str | Path] = [BIN / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--requirement", requirements], check=True)
    installed.write_text(requirements.read_text())


def prepare_heroesite(database_url: str) -> dict[str, dict[str, str]]:
    """Create heroesite's tables, static files and users, and return the headers of each user."""
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.preparation"],
        cwd=ROOT,
        env=HEROESITE.environment(database_url),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    callers: dict[str, dict[str, str]] = json.loads(ran.stdout)
    return callers


@contextmanager
def serving(
    contender: Contender, database_url: str, callers: Mapping[str, Mapping[str, str]] | None = None
) -> Iterator[Site]:
    """Run a contender while the block runs, with the highest allowed limit for open files."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    port, logs = free_port(), FOLDER / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / f"{contender.kind}.log").open("a") as log:
        process = subprocess.Popen(
            contender.command(port),
            cwd=ROOT if contender.is_heroesite else PEERS,
            env=contender.environment(database_url),
            stdout=log,
            stderr=log,
        )
        try:
            site = Site(contender, f"http://127.0.0.1:{port}", process.pid, callers or {})
            wait_for(site, process)
            yield site
        finally:
            process.terminate()
            process.wait()


def wait_for(site: Site, process: subprocess.Popen[bytes]) -> None:
    request, end = Request("GET", f"{site.contender.prefix}/heroes/?limit=1"), time.monotonic() + 60
    while True:
        try:
            site.fetch(request)
            return
        except (urllib3.exceptions.HTTPError, RuntimeError) as error:
            if process.poll() is not None or time.monotonic() > end:
                log = FOLDER / "logs" / f"{site.contender.kind}.log"
                raise RuntimeError(f"{site.contender.name} didn't start, see {log}.") from error
            time.sleep(0.02)
