"""A site in its own processes, and requests to it by a visitor, an administrator's browser and a program."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.__main__ import ROOT

from .processes import environment, free_port, manage, wait_for

PASSWORD = "correct horse battery staple"
FORM = "application/x-www-form-urlencoded"
PREPARE = f"""
import json
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from heroesite.api.models import ApiToken

call_command("migrate", verbosity=0)
call_command("createcachetable", verbosity=0)
call_command("load_sample_roster", verbosity=0)
user = User.objects.create_superuser("admin", "admin@example.org", {PASSWORD!r})
browser = Client()
browser.force_login(user)
_token, text = ApiToken.objects.issue(user)
print(json.dumps({{"session": browser.cookies["sessionid"].value, "token": text}}))
"""


@dataclass(frozen=True)
class Response:
    status: int
    headers: HTTPMessage
    body: bytes
    seconds: float

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Site:
    """A running site.

    Args:
        session: the key of an administrator's session.
        token: that administrator's API token.
        log: the file that the site logs to.
    """

    port: int
    session: str
    token: str
    log: Path
    csrf: str = "c" * 32

    def request(self, method: str, path: str, body: str = "", **headers: str) -> Response:
        """Send a request as a visitor.

        Args:
            headers: their names with underscores for hyphens.
        """
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=300)
        started = time.monotonic()
        try:
            connection.request(method, path, body.encode() or None, sent)
            response = connection.getresponse()
            content = response.read()
            return Response(response.status, response.headers, content, time.monotonic() - started)
        finally:
            connection.close()

    def browse(self, path: str, **form: Any) -> Response:
        """Open a page as the administrator or, with a ``form``, send that to it."""
        cookie = f"sessionid={self.session}; csrftoken={self.csrf}"
        if not form:
            return self.request("GET", path, Cookie=cookie)
        body = urlencode(form | {"csrfmiddlewaretoken": self.csrf})
        return self.request("POST", path, body, Cookie=cookie, Content_Type=FORM)

    def sign_in(self, password: str = PASSWORD) -> Response:
        """Send the form to sign in, as a visitor."""
        form = {"login": "admin", "password": password, "csrfmiddlewaretoken": self.csrf}
        cookie = f"csrftoken={self.csrf}"
        return self.request("POST", "/account/login/", urlencode(form), Cookie=cookie, Content_Type=FORM)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        """Call the API with the administrator's token."""
        text = "" if body is None else json.dumps(body)
        defaults = {"Authorization": f"Bearer {self.token}", "Content_Type": "application/json"}
        return self.request(method, path, text, **defaults, **headers)

    def lines(self, response: Response) -> list[str]:
        """Return the lines of the log that carry the id of a request."""
        request_id = re.escape(response.headers["X-Request-Id"])
        log = self.log.read_text()
        return [line for line in log.splitlines() if re.search(f" request={request_id} ", line)]


def prepare(folder: Path, **settings: str) -> dict[str, str]:
    """Create the tables and the sample roster. Returns an administrator's session and token."""
    ran = manage(folder, "shell", "--no-imports", "--command", PREPARE, **settings)
    assert ran.returncode == 0, ran.stderr
    keys: dict[str, str] = json.loads(ran.stdout.splitlines()[-1])
    return keys


@contextmanager
def running(folder: Path, keys: dict[str, str], **settings: str) -> Iterator[Site]:
    """Run gunicorn with a database from :func:`prepare`. Yields the site."""
    port, log = free_port(), folder / f"{time.monotonic_ns()}.log"
    command = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "deploy" / "gunicorn.conf.py")]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{port}", "heroesite.wsgi"],
            cwd=ROOT,
            env=environment(folder, **{"LOG_LEVEL": "INFO", **settings}),
            stdout=output,
            stderr=output,
        )
        try:
            wait_for(port, server)
            site = Site(port, log=log, **keys)
            site.request("GET", "/language/")  # waits until the worker has started
            yield site
        finally:
            server.terminate()
            server.wait()
