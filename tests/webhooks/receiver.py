"""An HTTP server that webhooks are sent to."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Receiver:
    """Records each request; responds with the next of ``statuses``, then with 204.

    Args:
        echo: whether the response repeats the request's body.
    """

    url: str = ""
    port: int = 0
    statuses: list[int] = field(default_factory=list)
    response: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    echo: bool = False
    requests: list[tuple[dict[str, str], str]] = field(default_factory=list)
    """The headers and the body of each request."""


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            receiver.requests.append((dict(self.headers), body))
            response = body.encode() if receiver.echo else receiver.response
            self.send_response(receiver.statuses.pop(0) if receiver.statuses else 204)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            if response:
                self.send_header("Content-Length", str(len(response)))
            self.end_headers()
            self.wfile.write(response)

        def log_message(self, *args: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_port
    receiver.url = f"{'https' if tls else 'http'}://localhost:{server.server_port}/hook?to=us"
    thread = Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
