"""No bytes that a client sends cause a 500 or stop the server. Against a real gunicorn."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import parse_headers
from itertools import product
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from django.test import RequestFactory

from heroesite.wsgi import application
from tests.cases import Cases

ROOT = Path(__file__).resolve().parent.parent.parent
HUGE = b"9" * 5000
NOT_IMPLEMENTED = 501
"""The right status for an unknown transfer coding (RFC 9112, section 6.1), the only right 5xx."""


@dataclass(frozen=True)
class Response:
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def read_response(stream: BinaryIO, method: str = "GET") -> Response | None:
    """Return the next response on a connection, or ``None`` if the server has closed it."""
    line = stream.readline()
    if not line:
        return None
    status = int(line.split()[1])
    headers = parse_headers(stream)
    if status == 100:
        return read_response(stream, method)
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
    return Response(status, headers, body)


@dataclass(frozen=True)
class Site:
    """A site with its own database, served as in production, and a token of an administrator."""

    port: int
    token: str
    log: Path

    def send(
        self, *pieces: bytes, method: str = "GET", responses: int = 1, end: bool = False
    ) -> list[Response]:
        """Send ``pieces`` on one connection. Returns up to ``responses`` responses.

        Args:
            end: whether the client closes its side of the connection afterwards.
        """
        with socket.create_connection(("127.0.0.1", self.port), timeout=90) as wire:
            try:
                for piece in pieces:
                    wire.sendall(piece)
                if end:
                    wire.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # the server responded and closed the connection before all was sent
            read: list[Response] = []
            with wire.makefile("rb") as stream, suppress(ConnectionResetError):
                while len(read) < responses and (response := read_response(stream, method)):
                    read.append(response)
            return read

    def request(self, method: str, path: str, body: Any = None, *headers: str) -> Response:
        content = b"" if body is None else json.dumps(body).encode()
        more = ["Content-Type: application/json", f"Content-Length: {len(content)}", *headers]
        responses = self.send(self.head(method, path, *more) + content, method=method)
        assert responses, "The server closed the connection without a response."
        return responses[0]

    def head(self, method: str, path: str, *headers: str) -> bytes:
        """Return the head of a request with the administrator's token."""
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
        # The socket is open already, so clients wait until the server has started.
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


@contextmanager
def checked_server(site: Site) -> Iterator[None]:
    """Check afterwards that the server still responds and has logged no error."""
    before = len(site.log.read_bytes())
    yield
    assert site.request("GET", "/api/v1/heroes/").status == 200
    log = site.log.read_bytes()[before:].decode(errors="replace")
    for error in ("Traceback", "ERROR", "CRITICAL", "Error handling request", "WORKER TIMEOUT"):
        assert error not in log, log


@pytest.fixture(autouse=True)
def check_server(site: Site) -> Iterator[None]:
    """Check the server after each test."""
    with checked_server(site):
        yield


@pytest.fixture
def hero(site: Site) -> Iterator[str]:
    """The address of a hero."""
    created = site.request("POST", "/api/v1/heroes/", {"name": "Owl", "secret_name": "Ann Boe", "age": 30})
    assert created.status == 201, created.body
    address = f"/api/v1/heroes/{created.json['id']}"
    yield address
    assert site.request("DELETE", address).status == 204


def chunks(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (*pieces, b""))


# Bodies in chunks -------------------------------------------------------------------------

CHUNKED = ("Content-Type: application/json", "Transfer-Encoding: chunked")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_in_chunks_is_saved(method, site, hero):
    body = chunks(b'{"name": "Ow', b'l", "secret_name": "Ann Boe", ', b'"age": 31}')
    [response] = site.send(site.head(method, hero, "If-Match: *", *CHUNKED), body)
    assert (response.status, response.json["age"], response.json["version"]) == (200, 31, 2)
    assert site.request("GET", hero).json["age"] == 31


def test_a_hero_in_chunks_is_created(site):
    body = chunks(b'{"name": "Lark", ', b'"secret_name": "Eve"}')
    [response] = site.send(site.head("POST", "/api/v1/heroes/", *CHUNKED), body)
    assert (response.status, response.json["name"]) == (201, "Lark")
    assert site.request("GET", response.headers["Location"].partition("127.0.0.1")[2]).json["name"] == "Lark"


def test_chunks_with_extensions_and_a_trailer_are_read(site, hero):
    body = b'9;a="b";c\r\n{"age": 4\r\n2\r\n4}\r\n0\r\nX-Trailer: a\r\n\r\n'
    [response] = site.send(site.head("PATCH", hero, *CHUNKED), body)
    assert (response.status, response.json["age"]) == (200, 44)


def test_a_form_in_chunks_is_read(site):
    media_type = "Content-Type: application/x-www-form-urlencoded"
    head = site.head("POST", "/account/login/", media_type, "Transfer-Encoding: chunked")
    [response] = site.send(head, chunks(b"login=a&password=b"))
    assert response.status == 403, "the form has no CSRF token"


@pytest.mark.parametrize("path", ["/api/v1/heroes/", "/account/login/", "/heroes/new/"])
def test_a_body_over_2_mb_in_chunks_is_rejected(path, site):
    media_type = "application/json" if path.startswith("/api/") else "application/x-www-form-urlencoded"
    head = site.head("POST", path, f"Content-Type: {media_type}", "Transfer-Encoding: chunked")
    [response] = site.send(head, chunks(*[b" " * 100_000] * 30))
    assert response.status == 413


@pytest.mark.parametrize("path", ["/api/v1/heroes/", "/account/login/", "/admin/heroes/hero/add/", "/"])
@pytest.mark.parametrize("size", [2_000_001, 10_000_000])
def test_a_body_over_2_mb_is_rejected(path, size, site):
    media_type = "application/json" if path.startswith("/api/") else "application/x-www-form-urlencoded"
    head = site.head("POST", path, f"Content-Type: {media_type}", f"Content-Length: {size}")
    [response] = site.send(head, b"a" * size)
    assert response.status == 413


INVALID_CHUNKS = [
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
]


def test_invalid_chunks_are_rejected_and_change_nothing(site, hero):
    with Cases() as case:
        for body in INVALID_CHUNKS:
            with case(repr(body[:24])), checked_server(site):
                responses = site.send(site.head("PATCH", hero, *CHUNKED), body, end=True)
                assert all(400 <= response.status < 500 for response in responses)
                assert site.request("GET", hero).json["version"] == 1


@pytest.mark.parametrize(
    "coding",
    ["gzip, chunked", "chunked, gzip", "chunked, chunked", "xchunked", "\x0bchunked", "identity", ""],
)
def test_an_unknown_transfer_coding_is_rejected(coding, site, hero):
    head = site.head("PATCH", hero, "Content-Type: application/json", f"Transfer-Encoding: {coding}")
    [response] = site.send(head, chunks(b'{"age": 5}'), end=True)
    assert response.status in (400, NOT_IMPLEMENTED)
    assert site.request("GET", hero).json["version"] == 1


@pytest.mark.parametrize("length", ["4", "0", "100"])
def test_a_body_with_chunks_and_a_length_is_rejected(length, site, hero):
    """A proxy in front of the server might use the other one: request smuggling."""
    head = site.head("PATCH", hero, *CHUNKED, f"Content-Length: {length}")
    responses = site.send(head, chunks(b'{"age": 5}'), end=True, responses=2)
    assert [response.status for response in responses] == [400]
    assert site.request("GET", hero).json["version"] == 1


# Lengths ----------------------------------------------------------------------------------


def test_a_length_that_is_not_a_number_is_rejected(site):
    lengths = [
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
    ]
    lengths += [b"NaN"]
    with Cases() as case:
        for path, length in product((b"/api/v1/heroes/", b"/account/login/"), lengths):
            with case(path, length), checked_server(site):
                raw = b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %s\r\n\r\n{}" % (path, length)
                [response] = site.send(raw, end=True)
                assert response.status == 400


@pytest.mark.parametrize("length", [b"1" + b"0" * 30, HUGE], ids=["10**30", "5,000 digits"])
@pytest.mark.parametrize("path", [b"/api/v1/heroes/", b"/account/login/"])
def test_a_huge_length_is_rejected(path, length, site):
    raw = b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %s\r\n\r\n{}" % (path, length)
    [response] = site.send(raw, end=True)
    assert response.status in (400, 413)


def test_two_different_lengths_are_rejected(site):
    raw = site.head("POST", "/api/v1/heroes/", "Content-Length: 2", "Content-Length: 3") + b"{}a"
    assert [response.status for response in site.send(raw, end=True, responses=2)] == [400]


@pytest.mark.parametrize(
    ("path", "media_type"),
    [("/api/v1/heroes/", "application/json"), ("/account/login/", "application/x-www-form-urlencoded")],
)
def test_a_body_shorter_than_its_length_is_rejected(path, media_type, site):
    head = site.head("POST", path, f"Content-Type: {media_type}", "Content-Length: 1000")
    responses = site.send(head, b'{"name": "Lark', end=True)
    assert all(400 <= response.status < 500 for response in responses)


def test_a_query_in_another_character_set_is_rejected(site):
    paths = ("/api/v1/heroes/?limit=1", "/heroes/?search=a", "/account/login/?next=/")
    charsets = ("hex", "base64", "rot13", "zip", "undefined", "punycode", "idna", "utf-16")
    with Cases() as case:
        for path, charset in product(paths, charsets):
            for parameter in (f"charset={charset}", f"charset*=utf-8''{charset}"):
                with case(path, parameter), checked_server(site):
                    head = site.head("GET", path, f"Content-Type: application/json; {parameter}")
                    [response] = site.send(head)
                    assert response.status == 415


# Content types that Django's test client can't send -------------------------------------------


def test_an_unknown_character_set_is_rejected(site):
    targets = [
        ("/api/v1/heroes/", "application/json"),
        ("/account/login/", "application/x-www-form-urlencoded"),
        ("/heroes/new/", "multipart/form-data; boundary=x"),
    ]
    parameters = [
        "charset*=junk''utf-8",
        "charset*=utf-16''utf-8",
        "charset*=utf-8''utf-16",
        "charset*=utf-8''%00",
        "charset*=undefined''%ff",
        "charset*=hex''00",
        "charset*0*=junk''a; charset*1=b",
        f"charset*{'9' * 5000}=utf-8",
        "charset*=''",
    ]
    with Cases() as case:
        for (path, media_type), parameter in product(targets, parameters):
            with case(path, parameter[:30]), checked_server(site):
                content_type = f"Content-Type: {media_type}; {parameter}"
                head = site.head("POST", path, content_type, "Content-Length: 2")
                [response] = site.send(head, b"{}")
                assert response.status in (400, 415)


@pytest.mark.parametrize("path", ["/heroes/", "/api/v1/heroes/", "/static/site.css"])
def test_a_get_with_an_invalid_content_type_is_not_a_server_error(path, site):
    [response] = site.send(site.head("GET", path, "Content-Type: text/plain; charset*=junk''a"))
    assert response.status in (200, 400, 415)


# Time -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/v1/heroes/", "/api/v1/teams/"])
def test_a_name_of_300_000_accents_is_rejected_before_the_worker_times_out(path, site):
    """Sorting n accents takes n² steps, and gunicorn kills a worker that takes too long."""
    body = {"name": "a" + "\u0301\u0323" * 150_000, "secret_name": "Ann Boe"}
    assert site.request("POST", path, body).status == 422


def test_the_response_to_100_000_unknown_members_is_short(site):
    response = site.request("POST", "/api/v1/heroes/", {f"a{number}": 0 for number in range(100_000)})
    assert response.status in (400, 422)
    assert len(response.body) < 1_000_000


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


def test_an_unusual_request_gets_the_right_response(site):
    with Cases() as case:
        for name, (raw, status) in REQUESTS.items():
            with case(name), checked_server(site):
                responses = site.send(raw, end=True, responses=2)
                assert responses[0].status == status
                assert all(response.status < 500 for response in responses)
                assert all("Set-Cookie" not in response.headers for response in responses)
                assert "evil" not in responses[0].headers.get("Location", "")


@pytest.mark.parametrize(
    "header",
    ["SCRIPT_NAME: /nowhere", "SCRIPT_NAME: /heroes", "PATH_INFO: /teams/", "REMOTE_USER: administrator"],
)
def test_headers_named_like_wsgi_variables_are_ignored(header, site):
    [response] = site.send(get(b"/heroes/", header.encode()))
    assert response.status == 200
    assert b"<h1>Heroes</h1>" in response.body
    assert b"administrator" not in response.body


@pytest.mark.parametrize("header", ["X-Forwarded-Proto: https", "X-Forwarded-Ssl: on"])
def test_the_scheme_in_headers_is_ignored_without_a_trusted_proxy(header, site):
    links = site.request("GET", "/api/v1/", None, header).json.values()
    assert all(link.startswith("http://127.0.0.1") for link in links)


def test_http_1_0_works_without_a_host(site):
    [response] = site.send(b"GET /api/v1/heroes/ HTTP/1.0\r\n\r\n")
    assert response.status == 200
    assert isinstance(response.json["results"], list)


@pytest.mark.parametrize(
    "path", ["/", "/heroes/", "/heroes/0/", "/api/v1/heroes/", "/api/v1/heroes/0", "/static/site.css"]
)
def test_head_has_the_status_and_type_of_get_and_no_body(path, site):
    headers = [site.head(method, path) for method in ("HEAD", "GET")]
    [head] = site.send(headers[0], method="HEAD", end=True, responses=2)
    [get_response] = site.send(headers[1])
    assert (head.status, head.headers["Content-Type"]) == (
        get_response.status,
        get_response.headers["Content-Type"],
    )


@pytest.mark.parametrize(("path", "status"), [("/api/v1/heroes/", 204), ("/heroes/", 200), ("*", 404)])
def test_options_has_the_right_status(path, status, site):
    [response] = site.send(site.head("OPTIONS", path))
    assert response.status == status


def test_expect_100_continue_works(site, hero):
    head = site.head(
        "PATCH", hero, "Content-Type: application/json", "Content-Length: 10", "Expect: 100-continue"
    )
    [response] = site.send(head, b'{"age": 7}')
    assert (response.status, response.json["age"]) == (200, 7)


# Several requests on one connection -------------------------------------------------------


def test_pipelined_requests_get_responses_in_order(site):
    paths = ["/api/v1/heroes/", "/heroes/0/", "/api/v1/teams/?limit=-1", "/teams/"]
    responses = site.send(b"".join(site.head("GET", path) for path in paths), responses=len(paths))
    assert [response.status for response in responses] == [200, 404, 400, 200]


@pytest.mark.parametrize(
    "request_head",
    [
        ("POST", "/api/v1/heroes/", "Content-Type: text/plain"),
        ("POST", "/heroes/new/", "Content-Type: application/json"),
        ("POST", "/api/v1/heroes/?a=%00", "Content-Type: application/json"),
        ("GET", "/api/v1/heroes/", "Content-Type: application/json"),
        ("DELETE", "/api/v1/heroes/0", "Content-Type: application/json"),
    ],
    ids=" ".join,
)
def test_the_body_of_a_rejected_request_is_not_read_as_the_next_request(request_head, site):
    inner = site.head("DELETE", "/api/v1/villains/")
    first = site.head(*request_head, f"Content-Length: {len(inner)}") + inner
    responses = site.send(first + site.head("GET", "/api/v1/heroes/0"), responses=2)
    assert responses[0].status < 500
    assert [response.status for response in responses[1:]] in ([404], [])
    assert all(response.json["detail"] == "No hero has the id 0." for response in responses[1:])


def test_an_invalid_request_closes_the_connection(site):
    responses = site.send(b"junk\r\n\r\n" + site.head("GET", "/api/v1/heroes/"), responses=2)
    assert [response.status for response in responses] == [400]


@pytest.mark.parametrize("cut", [0, 1, 20, 60])
def test_a_client_can_close_the_connection_early(cut, site):
    assert site.send(site.head("GET", "/heroes/")[:cut], end=True) == []


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/heroes/", "/api/v1/heroes/", "/nowhere"])
def test_wsgi_head_has_a_length_and_no_body(address):
    sent_headers = []
    environ = RequestFactory().head(address, headers={"Host": "localhost"}).environ
    body = b"".join(application(environ, lambda status, headers, *more: sent_headers.extend(headers)))
    assert (body, int(dict(sent_headers)["Content-Length"]) > 0) == (b"", True)
