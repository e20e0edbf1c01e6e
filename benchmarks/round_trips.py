"""A proxy between a site and PostgreSQL that counts round trips.

PostgreSQL ends each round trip with the message ReadyForQuery, after a simple query or after Sync in the
extended protocol. These messages are described in PostgreSQL's documentation, “Frontend/Backend Protocol”.
"""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread

READY_FOR_QUERY = b"Z"
ENCRYPTION_REQUESTS = {80877103, 80877104}
"""The codes of SSLRequest and GSSENCRequest, which a client may send first."""


class RoundTripCounter:
    """The proxy. ``count`` is the number of round trips since its start."""

    def __init__(self, server: int) -> None:
        self.server, self.count, self.lock = server, 0, Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                client, _address = self.listener.accept()
            except OSError:  # closed
                return
            Thread(target=self.connect, args=[client], daemon=True).start()

    def connect(self, client: socket.socket) -> None:
        start = read_exactly(client, 8)
        while start and struct.unpack("!ii", start) in {(8, code) for code in ENCRYPTION_REQUESTS}:
            client.sendall(b"N")  # not encrypted
            start = read_exactly(client, 8)
        server = socket.create_connection(("127.0.0.1", self.server))
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server.sendall(start)
        Thread(target=self.forward, args=[server, client], daemon=True).start()
        relay(client, server)

    def forward(self, server: socket.socket, client: socket.socket) -> None:
        """Forward the server's messages, and count them before the client can react to them."""
        buffer = b""
        while received := receive(server):
            buffer += received
            while len(buffer) >= 5 and len(buffer) > (length := struct.unpack("!i", buffer[1:5])[0]):
                if buffer[:1] == READY_FOR_QUERY:
                    with self.lock:
                        self.count += 1
                buffer = buffer[1 + length :]
            try:
                client.sendall(received)
            except OSError:
                break
        close(server, client)


def receive(end: socket.socket) -> bytes:
    try:
        return end.recv(65536)
    except OSError:
        return b""


def read_exactly(end: socket.socket, size: int) -> bytes:
    read = b""
    while len(read) < size and (received := end.recv(size - len(read))):
        read += received
    return read


def relay(source: socket.socket, target: socket.socket) -> None:
    while received := receive(source):
        try:
            target.sendall(received)
        except OSError:
            break
    close(source, target)


def close(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@contextmanager
def counting(server: int) -> Iterator[RoundTripCounter]:
    """Run a proxy for the PostgreSQL on port ``server`` while the block runs."""
    counter = RoundTripCounter(server)
    try:
        yield counter
    finally:
        counter.listener.close()
