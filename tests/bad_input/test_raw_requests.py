"""Nothing anyone sends gives a 500 or stops the server, byte by byte against a real gunicorn."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.client import parse_headers
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from django.test import RequestFactory

from heroesite.wsgi import application

ROOT = Path(__file__).resolve().parent.parent.parent
HUGE = b"9" * 5000
NOT_IMPLEMENTED = 501
"""What HTTP wants where a transfer coding is not known (RFC 9112, section 6.1): the one 5xx that is right."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def read_answer(stream: BinaryIO, method: str = "GET") -> Answer | None:
    """The next answer on the wire; none where the server has closed it."""
    line = stream.readline()
    if not line:
        return None
    status = int(line.split()[1])
    headers = parse_headers(stream)
    if status == 100:
        return read_answer(stream, method)
    body = b""
    if method != "HEAD" and status not in (204, 304):
        if headers.get("Transfer-Encoding") == "chunked":
            while size := int(stream.readline(), 16):
                body += stream.read(size)
                stream.readline()
            stream.readline()
        elif "Content-Length" in headers:
            body = stream.read(int(headers["Content-Length"]))
        else:
            body = stream.read()
    return Answer(status, headers, body)


@dataclass(frozen=True)
class Site:
    """A site of its own, served as in production, with an administrator's token."""

    port: int
    token: str
    log: Path

    def send(self, *pieces: bytes, method: str = "GET", answers: int = 1, end: bool = False) -> list[Answer]:
        """Send ``pieces`` on one connection and read so many answers, or as many as come.

        Args:
            end: whether the client says that nothing more will follow.
        """
        with socket.create_connection(("127.0.0.1", self.port), timeout=90) as wire:
            try:
                for piece in pieces:
                    wire.sendall(piece)
                if end:
                    wire.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it was answered, and closed, before all was sent
            read: list[Answer] = []
            with wire.makefile("rb") as stream, suppress(ConnectionResetError):
                while len(read) < answers and (answer := read_answer(stream, method)):
                    read.append(answer)
            return read

    def ask(self, method: str, path: str, body: Any = None, *headers: str) -> Answer:
        content = b"" if body is None else json.dumps(body).encode()
        more = ["Content-Type: application/json", f"Content-Length: {len(content)}", *headers]
        answers = self.send(self.head(method, path, *more) + content, method=method)
        assert answers, "The server went away without an answer."
        return answers[0]

    def head(self, method: str, path: str, *headers: str) -> bytes:
        """The head of a request of the administrator's."""
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {self.token}"]
        return "\r\n".join([*lines, *headers, "", ""]).encode("latin-1")


@pytest.fixture(scope="module")
def site(tmp_path_factory: Any) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    environment = {
        **os.environ,
        "HEROESITE_ENV": "development",
        "DATABASE_URL": f"sqlite:///{folder / 'site.sqlite3'}",
        "ALLOWED_HOSTS": "127.0.0.1",
        "EMAIL_URL": "dummy:",
        "PUBLIC_READ": "true",
        "WEB_CONCURRENCY": "1",
        "DJANGO_SUPERUSER_USERNAME": "administrator",
        "DJANGO_SUPERUSER_EMAIL": "administrator@example.org",
        "DJANGO_SUPERUSER_PASSWORD": "correct horse battery staple",
    }
    environment.pop("DJANGO_SETTINGS_MODULE", None)

    def manage(*arguments: str) -> str:
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        done = subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    manage("migrate", "--verbosity=0")
    manage("createcachetable")
    manage("createsuperuser", "--noinput")
    token = manage("issue_token", "administrator")
    log = folder / "log"
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as output:
        # The socket is open already, so whoever connects waits until the server is there.
        command = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "deploy" / "gunicorn.conf.py")]
        server = subprocess.Popen(
            [*command, "--bind", f"fd://{listener.fileno()}", "heroesite.wsgi"],
            pass_fds=[listener.fileno()],
            env=environment,
            cwd=ROOT,
            stdout=output,
            stderr=output,
        )
        try:
            yield Site(listener.getsockname()[1], token, log)
        finally:
            server.terminate()
            server.wait()


@pytest.fixture(autouse=True)
def sound(site: Site) -> Iterator[None]:
    """After each input the server still answers, and nothing has gone wrong in it."""
    before = len(site.log.read_bytes())
    yield
    assert site.ask("GET", "/api/v1/heroes/").status == 200
    said = site.log.read_bytes()[before:].decode(errors="replace")
    for fault in ("Traceback", "ERROR", "CRITICAL", "Error handling request", "WORKER TIMEOUT"):
        assert fault not in said, said


@pytest.fixture
def hero(site: Site) -> Iterator[str]:
    """The address of a hero."""
    created = site.ask("POST", "/api/v1/heroes/", {"name": "Owl", "secret_name": "Ann Boe", "age": 30})
    assert created.status == 201, created.body
    address = f"/api/v1/heroes/{created.json['id']}"
    yield address
    assert site.ask("DELETE", address).status == 204


def chunks(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (*pieces, b""))


# Bodies in chunks -------------------------------------------------------------------------

CHUNKED = ("Content-Type: application/json", "Transfer-Encoding: chunked")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_sent_in_chunks_takes_effect(method, site, hero):
    body = chunks(b'{"name": "Ow', b'l", "secret_name": "Ann Boe", ', b'"age": 31}')
    [answer] = site.send(site.head(method, hero, "If-Match: *", *CHUNKED), body)
    assert (answer.status, answer.json["age"], answer.json["version"]) == (200, 31, 2)
    assert site.ask("GET", hero).json["age"] == 31


def test_a_hero_sent_in_chunks_is_created(site):
    body = chunks(b'{"name": "Lark", ', b'"secret_name": "Eve"}')
    [answer] = site.send(site.head("POST", "/api/v1/heroes/", *CHUNKED), body)
    assert (answer.status, answer.json["name"]) == (201, "Lark")
    assert site.ask("GET", answer.headers["Location"].partition("127.0.0.1")[2]).json["name"] == "Lark"


def test_chunks_with_extensions_and_a_trailer_are_read(site, hero):
    body = b'9;a="b";c\r\n{"age": 4\r\n2\r\n4}\r\n0\r\nX-Trailer: a\r\n\r\n'
    [answer] = site.send(site.head("PATCH", hero, *CHUNKED), body)
    assert (answer.status, answer.json["age"]) == (200, 44)


def test_a_form_sent_in_chunks_is_read(site):
    kind = "Content-Type: application/x-www-form-urlencoded"
    head = site.head("POST", "/account/login/", kind, "Transfer-Encoding: chunked")
    [answer] = site.send(head, chunks(b"login=a&password=b"))
    assert answer.status == 403, "it was not sent from a page of the site"


@pytest.mark.parametrize("path", ["/api/v1/heroes/", "/account/login/", "/heroes/new/"])
def test_a_body_over_2_mb_sent_in_chunks_is_refused(path, site):
    kind = "application/json" if path.startswith("/api/") else "application/x-www-form-urlencoded"
    head = site.head("POST", path, f"Content-Type: {kind}", "Transfer-Encoding: chunked")
    [answer] = site.send(head, chunks(*[b" " * 100_000] * 30))
    assert answer.status == 413


@pytest.mark.parametrize("path", ["/api/v1/heroes/", "/account/login/", "/admin/heroes/hero/add/", "/"])
@pytest.mark.parametrize("size", [2_000_001, 10_000_000])
def test_a_body_over_2_mb_is_refused(path, size, site):
    kind = "application/json" if path.startswith("/api/") else "application/x-www-form-urlencoded"
    head = site.head("POST", path, f"Content-Type: {kind}", f"Content-Length: {size}")
    [answer] = site.send(head, b"a" * size)
    assert answer.status == 413


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\n{}\r\n0\r\n\r\n",
        b"-2\r\n{}\r\n0\r\n\r\n",
        b"+2\r\n{}\r\n0\r\n\r\n",
        b"0x2\r\n{}\r\n0\r\n\r\n",
        b"0_2\r\n{}\r\n0\r\n\r\n",
        b" 2\r\n{}\r\n0\r\n\r\n",
        b"\r\n{}\r\n0\r\n\r\n",
        b"2\n{}\n0\n\n",
        b"2\r\n{}0\r\n\r\n",
        b"2\r\n{}}\r\n0\r\n\r\n",
        b"2;\x00\r\n{}\r\n0\r\n\r\n",
        b"f" * 40 + b"\r\n{}\r\n0\r\n\r\n",
        b"f" * 20_000 + b"\r\n{}\r\n0\r\n\r\n",
        b"2;" + b"a" * 100_000 + b"\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}\r\n0\r\n" + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
        b"2\r\n{}\r\n",
        b"2\r\n{",
        b"",
    ],
    ids=lambda body: repr(body[:24])[2:-1],
)
def test_broken_chunks_are_refused_and_change_nothing(body, site, hero):
    answers = site.send(site.head("PATCH", hero, *CHUNKED), body, end=True)
    assert all(400 <= answer.status < 500 for answer in answers)
    assert site.ask("GET", hero).json["version"] == 1


@pytest.mark.parametrize(
    "coding",
    ["gzip, chunked", "chunked, gzip", "chunked, chunked", "xchunked", "\x0bchunked", "identity", ""],
)
def test_a_transfer_coding_that_is_not_known_is_refused(coding, site, hero):
    head = site.head("PATCH", hero, "Content-Type: application/json", f"Transfer-Encoding: {coding}")
    [answer] = site.send(head, chunks(b'{"age": 5}'), end=True)
    assert answer.status in (400, NOT_IMPLEMENTED)
    assert site.ask("GET", hero).json["version"] == 1


@pytest.mark.parametrize("length", ["4", "0", "100"])
def test_a_body_with_two_lengths_is_refused(length, site, hero):
    """Whoever stands before the server might believe the other one: request smuggling."""
    head = site.head("PATCH", hero, *CHUNKED, f"Content-Length: {length}")
    answers = site.send(head, chunks(b'{"age": 5}'), end=True, answers=2)
    assert [answer.status for answer in answers] == [400]
    assert site.ask("GET", hero).json["version"] == 1


# Lengths ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "length",
    [
        b"abc",
        b"-1",
        b"+2",
        b"0x2",
        b"1_0",
        b"2, 3",
        b"2;2",
        b"2.0",
        b"1e1",
        b"\xd9\xa3",
        b"\xb2",
        b"",
        b"NaN",
    ],
)
@pytest.mark.parametrize("path", [b"/api/v1/heroes/", b"/account/login/"])
def test_a_length_that_is_no_number_is_refused(path, length, site):
    raw = b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %s\r\n\r\n{}" % (path, length)
    [answer] = site.send(raw, end=True)
    assert answer.status == 400


@pytest.mark.parametrize("length", [b"1" + b"0" * 30, HUGE], ids=["10**30", "5,000 digits"])
@pytest.mark.parametrize("path", [b"/api/v1/heroes/", b"/account/login/"])
def test_a_length_beyond_all_bounds_is_refused(path, length, site):
    raw = b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %s\r\n\r\n{}" % (path, length)
    [answer] = site.send(raw, end=True)
    assert answer.status in (400, 413)


def test_two_lengths_that_differ_are_refused(site):
    raw = site.head("POST", "/api/v1/heroes/", "Content-Length: 2", "Content-Length: 3") + b"{}a"
    assert [answer.status for answer in site.send(raw, end=True, answers=2)] == [400]


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/api/v1/heroes/", "application/json"), ("/account/login/", "application/x-www-form-urlencoded")],
)
def test_a_body_that_ends_too_soon_is_refused(path, kind, site):
    head = site.head("POST", path, f"Content-Type: {kind}", "Content-Length: 1000")
    answers = site.send(head, b'{"name": "Lark', end=True)
    assert all(400 <= answer.status < 500 for answer in answers)


@pytest.mark.parametrize(
    "charset", ["hex", "base64", "rot13", "zip", "undefined", "punycode", "idna", "utf-16"]
)
@pytest.mark.parametrize("path", ["/api/v1/heroes/?limit=1", "/heroes/?search=a", "/account/login/?next=/"])
def test_a_query_is_not_read_in_another_character_set(path, charset, site):
    for parameter in (f"charset={charset}", f"charset*=utf-8''{charset}"):
        [answer] = site.send(site.head("GET", path, f"Content-Type: application/json; {parameter}"))
        assert answer.status == 415


# Content types that the test client cannot send -------------------------------------------


@pytest.mark.parametrize(
    "parameter",
    [
        "charset*=junk''utf-8",
        "charset*=utf-16''utf-8",
        "charset*=utf-8''utf-16",
        "charset*=utf-8''%00",
        "charset*=undefined''%ff",
        "charset*=hex''00",
        "charset*0*=junk''a; charset*1=b",
        f"charset*{'9' * 5000}=utf-8",
        "charset*=''",
    ],
    ids=lambda parameter: parameter[:30],
)
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api/v1/heroes/", "application/json"),
        ("/account/login/", "application/x-www-form-urlencoded"),
        ("/heroes/new/", "multipart/form-data; boundary=x"),
    ],
)
def test_a_character_set_that_cannot_be_read_is_refused(path, kind, parameter, site):
    head = site.head("POST", path, f"Content-Type: {kind}; {parameter}", "Content-Length: 2")
    [answer] = site.send(head, b"{}")
    assert answer.status in (400, 415)


@pytest.mark.parametrize("path", ["/heroes/", "/api/v1/heroes/", "/static/site.css"])
def test_a_question_with_such_a_type_is_not_a_server_error(path, site):
    [answer] = site.send(site.head("GET", path, "Content-Type: text/plain; charset*=junk''a"))
    assert answer.status in (200, 400, 415)


# Time -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/v1/heroes/", "/api/v1/teams/"])
def test_a_name_of_300_000_accents_is_refused_before_the_server_gives_up_on_it(path, site):
    """To put n accents in order takes n² steps; a worker too long at it is ended, with all that it does."""
    body = {"name": "a" + "\u0301\u0323" * 150_000, "secret_name": "Ann Boe"}
    assert site.ask("POST", path, body).status == 422


def test_a_body_of_100_000_unknown_members_is_answered_in_brief(site):
    answer = site.ask("POST", "/api/v1/heroes/", {f"a{number}": 0 for number in range(100_000)})
    assert answer.status in (400, 422)
    assert len(answer.body) < 1_000_000


# Request lines and headers ----------------------------------------------------------------


def get(path: bytes = b"/heroes/", *headers: bytes, version: bytes = b"HTTP/1.1") -> bytes:
    return b"\r\n".join([b"GET %s %s" % (path, version), b"Host: 127.0.0.1", *headers, b"", b""])


REQUESTS = {
    "a path of 8 kB": (get(b"/" + b"a" * 8100), 404),
    "a request line over 8 kB": (get(b"/" + b"a" * 8190), 414),
    "a request line of 1 MB": (get(b"/" + b"a" * 1_000_000), 414),
    "a query over 8 kB": (get(b"/heroes/?search=" + b"a" * 8190), 414),
    "a path not of UTF-8": (get(b"/heroes/%ff/"), 404),
    "a path not of UTF-8, unescaped": (get(b"/heroes/\xff/"), 400),
    "a path of UTF-8, unescaped": (get(b"/h\xc3\xa9ros/"), 400),
    "a path of NUL": (get(b"/heroes/%00/"), 400),
    "a path of NUL, unescaped": (get(b"/heroes/\0/"), 400),
    "a path of line breaks": (get(b"/heroes/%0d%0aSet-Cookie:%20a=b/"), 404),
    "a path of line breaks to be completed": (get(b"/heroes%0d%0aSet-Cookie:%20a=b"), 404),
    "a path that is another host": (get(b"//evil.example/"), 404),
    "a path that is another host to be completed": (get(b"//evil.example/heroes"), 404),
    "a path of backslashes": (get(b"/\\evil.example/"), 404),
    "a path of dots": (get(b"/static/../../manage.py"), 404),
    "a path of escaped dots": (get(b"/static/%2e%2e/%2e%2e/manage.py"), 404),
    "a path with a fragment": (get(b"/heroes/#a"), 200),
    "a path without its slash": (get(b"/heroes?limit=1"), 301),
    "a query not of UTF-8": (get(b"/heroes/?search=%ff"), 400),
    "a query not of UTF-8, unescaped": (get(b"/heroes/?search=\xff"), 400),
    "a query not of UTF-8, unescaped, at the API": (get(b"/api/v1/heroes/?search=\xff"), 400),
    "a query of UTF-8, unescaped": (get(b"/api/v1/heroes/?search=\xc3\xa9"), 400),
    "a query of NUL": (get(b"/heroes/?search=%00"), 400),
    "a query of NUL, unescaped": (get(b"/heroes/?search=\0"), 400),
    "a query of question marks": (get(b"/heroes/???"), 400),
    "a whole address": (get(b"http://127.0.0.1/heroes/"), 200),
    "a whole address of another host": (get(b"http://evil.example/heroes/"), 200),
    "a whole address of junk": (get(b"http://[/heroes/"), 400),
    "no path": (get(b""), 400),
    "a path of a star": (get(b"*"), 400),
    "a path without a slash before it": (get(b"heroes/"), 400),
    "no version": (b"GET /heroes/\r\n\r\n", 400),
    "a version of junk": (get(version=b"HTTP/1.x"), 400),
    "the version 9.9": (get(version=b"HTTP/9.9"), 400),
    "another protocol": (get(version=b"SIP/2.0"), 400),
    "the beginning of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "a method of small letters": (b"get /heroes/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
    "a method of signs": (b"G@T /heroes/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
    "a method of 100 letters": (b"A" * 100 + b" /heroes/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
    "an unknown method": (b"BREW /api/v1/heroes/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 405),
    "a tunnel": (b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n", 404),
    "the beginning of TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" + b"\xff" * 500 + b"\r\n\r\n", 400),
    "a proxy's greeting": (b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n" + get(), 400),
    "junk": (b"\xff\xfe\x00\x01" * 100 + b"\r\n\r\n", 400),
    "a header without a colon": (get(b"/heroes/", b"junk"), 400),
    "a header without a name": (get(b"/heroes/", b": a"), 400),
    "a blank before the colon": (get(b"/heroes/", b"X-A : a"), 400),
    "a header named by NUL": (get(b"/heroes/", b"X\0: a"), 400),
    "a header named not in ASCII": (get(b"/heroes/", b"\xc3\xa9: a"), 400),
    "a header of NUL": (get(b"/heroes/", b"X-A: \0"), 400),
    "a header of a bare carriage return": (get(b"/heroes/", b"X-A: a\rb"), 400),
    "a header over two lines": (get(b"/heroes/", b"X-A: a", b" b"), 400),
    "a header not of ASCII": (get(b"/heroes/", b"X-Request-Id: \xff\xc3\xa9"), 200),
    "a header of 10 kB": (get(b"/heroes/", b"X-A: " + b"a" * 10_000), 431),
    "a cookie of 10 kB": (get(b"/heroes/", b"Cookie: sessionid=" + b"a" * 10_000), 431),
    "1,000 headers": (get(b"/heroes/", *[b"X-A: a"] * 1000), 431),
    "a cookie of NUL": (get(b"/heroes/", rb'Cookie: sessionid="\000"'), 400),
    "a token of NUL": (get(b"/api/v1/heroes/", b"Authorization: Bearer \0"), 400),
    "a token not of ASCII": (get(b"/api/v1/heroes/", b"Authorization: Bearer \xff"), 401),
    "two tokens": (get(b"/api/v1/heroes/", b"Authorization: Bearer a", b"Authorization: Bearer b"), 401),
    "another host": (b"GET /heroes/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", 400),
    "a host of junk": (b"GET /heroes/ HTTP/1.1\r\nHost: a/b?c@d\r\n\r\n", 400),
    "an empty host": (b"GET /heroes/ HTTP/1.1\r\nHost: \r\n\r\n", 400),
    "two hosts": (get(b"/heroes/", b"Host: evil.example"), 400),
    "no host": (b"GET /heroes/ HTTP/1.1\r\n\r\n", 400),
    "a protocol in a header": (get(b"/heroes/", b"X-Forwarded-Proto: javascript"), 200),
    "protocols that differ": (get(b"/heroes/", b"X-Forwarded-Proto: https", b"X-Forwarded-Ssl: off"), 200),
    "an upgrade to WebSocket": (get(b"/heroes/", b"Connection: Upgrade", b"Upgrade: websocket"), 200),
    "an upgrade to HTTP/2": (get(b"/heroes/", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c"), 200),
    "an expectation of junk": (get(b"/heroes/", b"Expect: junk"), 417),
    "a range of junk": (get(b"/static/site.css", b"Range: bytes=" + HUGE + b"-"), 200),
    "a date of junk": (get(b"/static/site.css", b"If-Modified-Since: Mon, 99 Foo " + HUGE), 200),
    "a stylesheet of NUL": (get(b"/static/site.css%00"), 400),
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
def test_an_odd_request_gets_its_right_answer(name, site):
    raw, status = REQUESTS[name]
    answers = site.send(raw, end=True, answers=2)
    assert answers[0].status == status
    assert all(answer.status < 500 and "Set-Cookie" not in answer.headers for answer in answers)
    assert "evil" not in answers[0].headers.get("Location", "")


@pytest.mark.parametrize(
    "header",
    ["SCRIPT_NAME: /nowhere", "SCRIPT_NAME: /heroes", "PATH_INFO: /teams/", "REMOTE_USER: administrator"],
)
def test_a_header_named_as_the_server_names_its_own_variables_changes_nothing(header, site):
    [answer] = site.send(get(b"/heroes/", header.encode()))
    assert answer.status == 200
    assert b"<h1>Heroes</h1>" in answer.body
    assert b"administrator" not in answer.body


@pytest.mark.parametrize("header", ["X-Forwarded-Proto: https", "X-Forwarded-Ssl: on"])
def test_without_a_trusted_proxy_the_scheme_is_that_of_the_connection(header, site):
    links = site.ask("GET", "/api/v1/", None, header).json.values()
    assert all(link.startswith("http://127.0.0.1") for link in links)


def test_an_old_client_is_answered_without_naming_the_host(site):
    [answer] = site.send(b"GET /api/v1/heroes/ HTTP/1.0\r\n\r\n")
    assert answer.status == 200
    assert isinstance(answer.json["results"], list)


@pytest.mark.parametrize(
    "path", ["/", "/heroes/", "/heroes/0/", "/api/v1/heroes/", "/api/v1/heroes/0", "/static/site.css"]
)
def test_head_answers_as_get_does_without_the_body(path, site):
    headers = [site.head(method, path) for method in ("HEAD", "GET")]
    [head] = site.send(headers[0], method="HEAD", end=True, answers=2)
    [got] = site.send(headers[1])
    assert (head.status, head.headers["Content-Type"]) == (got.status, got.headers["Content-Type"])


@pytest.mark.parametrize(("path", "status"), [("/api/v1/heroes/", 204), ("/heroes/", 200), ("*", 404)])
def test_options_are_told(path, status, site):
    [answer] = site.send(site.head("OPTIONS", path))
    assert answer.status == status


def test_a_client_that_waits_to_be_asked_for_the_body_is_asked(site, hero):
    head = site.head(
        "PATCH", hero, "Content-Type: application/json", "Content-Length: 10", "Expect: 100-continue"
    )
    [answer] = site.send(head, b'{"age": 7}')
    assert (answer.status, answer.json["age"]) == (200, 7)


# Several requests on one connection -------------------------------------------------------


def test_requests_sent_at_once_are_answered_in_order(site):
    paths = ["/api/v1/heroes/", "/heroes/0/", "/api/v1/teams/?limit=-1", "/teams/"]
    answers = site.send(b"".join(site.head("GET", path) for path in paths), answers=len(paths))
    assert [answer.status for answer in answers] == [200, 404, 400, 200]


@pytest.mark.parametrize(
    "refused",
    [
        ("POST", "/api/v1/heroes/", "Content-Type: text/plain"),
        ("POST", "/heroes/new/", "Content-Type: application/json"),
        ("POST", "/api/v1/heroes/?a=%00", "Content-Type: application/json"),
        ("GET", "/api/v1/heroes/", "Content-Type: application/json"),
        ("DELETE", "/api/v1/heroes/0", "Content-Type: application/json"),
    ],
    ids=" ".join,
)
def test_the_body_of_a_refused_request_is_not_taken_for_the_next_one(refused, site):
    inner = site.head("DELETE", "/api/v1/villains/")
    first = site.head(*refused, f"Content-Length: {len(inner)}") + inner
    answers = site.send(first + site.head("GET", "/api/v1/heroes/0"), answers=2)
    assert answers[0].status < 500
    assert [answer.status for answer in answers[1:]] in ([404], [])
    assert all(answer.json["detail"] == "No hero has the id 0." for answer in answers[1:])


def test_after_a_request_that_cannot_be_read_nothing_more_is(site):
    answers = site.send(b"junk\r\n\r\n" + site.head("GET", "/api/v1/heroes/"), answers=2)
    assert [answer.status for answer in answers] == [400]


@pytest.mark.parametrize("cut", [0, 1, 20, 60])
def test_a_client_that_goes_away_is_let_go(cut, site):
    assert site.send(site.head("GET", "/heroes/")[:cut], end=True) == []


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/heroes/", "/api/v1/heroes/", "/nowhere"])
def test_a_head_tells_the_length_and_hands_the_server_no_body(address):
    told = []
    environ = RequestFactory().head(address, headers={"Host": "localhost"}).environ
    body = b"".join(application(environ, lambda status, headers, *more: told.extend(headers)))
    assert (body, int(dict(told)["Content-Length"]) > 0) == (b"", True)
