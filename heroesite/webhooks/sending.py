"""Sends one delivery, signed as Standard Webhooks describes, to a public address; follows no redirects."""

import base64
import hmac
import time
from contextlib import suppress
from socket import SHUT_RDWR
from threading import Timer
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from heroesite.text import printable

from .addresses import DEFAULT_PORTS, resolve
from .models import RESPONSE_LENGTH, Attempt, Delivery

STEP_TIMEOUT = 5
"""Seconds to connect, and to wait for each part of the response."""
TOTAL_TIMEOUT = 15
"""Seconds for the whole attempt."""
USER_AGENT = "heroesite-webhooks/1"


def signature(secret: str, message: str, timestamp: int, body: str) -> str:
    """Return the header ``webhook-signature`` (Standard Webhooks, symmetric)."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{message}.{timestamp}.{body}".encode(), "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


def headers(delivery: Delivery) -> dict[str, str]:
    """Return the headers of an attempt that is made now."""
    now = int(time.time())
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "webhook-id": delivery.message,
        "webhook-timestamp": str(now),
        "webhook-signature": signature(delivery.webhook.secret, delivery.message, now, delivery.body),
    }


def send(delivery: Delivery) -> Attempt:
    """Send a delivery once. Return the attempt, which isn't stored yet."""
    attempt = Attempt(delivery=delivery)
    try:
        attempt.status, attempt.response = post(delivery.webhook.url, delivery.body, headers(delivery))
    except ValidationError as error:
        attempt.error = error.messages[0]
    except (OSError, HTTPError, ValueError) as error:
        attempt.error = printable(f"{type(error).__name__}: {error}")
    return attempt


def post(url: str, body: str, fields: dict[str, str]) -> tuple[int, str]:
    """Send ``body`` by POST. Return the status and the first ``RESPONSE_LENGTH`` bytes of the response.

    Args:
        fields: the headers, without ``Host``.

    Raises:
        ValidationError: the port is not allowed, or an address is not public.
        OSError, HTTPError, ValueError: there was no response.
    """
    parts, connections = urlsplit(url), list[HTTPConnection]()
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    timer = Timer(TOTAL_TIMEOUT, hang_up, [connections])
    timer.start()
    try:
        connection = connect(url, connections)
        connection.request(
            "POST",
            path,
            body.encode(),
            {**fields, "Host": parts.netloc},
            preload_content=False,
            decode_content=False,
        )
        response, start = connection.getresponse(), b""
        with suppress(OSError, HTTPError):  # the status is enough
            start = response.read1(RESPONSE_LENGTH)
        return response.status, start.decode("utf-8", "replace").replace("\0", "\ufffd")
    finally:
        timer.cancel()
        for connection in connections:
            connection.close()


def connect(url: str, connections: list[HTTPConnection]) -> HTTPConnection:
    """Connect to the first address of the host that accepts a connection.

    Args:
        connections: each connection that is tried is appended here, so that others can close it.

    Raises:
        ValidationError: the port is not allowed, or an address is not public.
        OSError, HTTPError: no address accepts a connection.
    """
    parts = urlsplit(url)
    secure, host = parts.scheme == "https", parts.hostname or ""
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    addresses = resolve(host, port)
    for address in addresses:
        connection = (
            HTTPSConnection(address, port, timeout=STEP_TIMEOUT, server_hostname=host, assert_hostname=host)
            if secure
            else HTTPConnection(address, port, timeout=STEP_TIMEOUT)
        )
        connections.append(connection)
        try:
            connection.connect()
        except (OSError, HTTPError):
            if address == addresses[-1]:
                raise
        else:
            return connection
    raise OSError(f"{host} has no IP address.")


def hang_up(connections: list[HTTPConnection]) -> None:
    """Shut down connections, for a receiver that responds without end."""
    for connection in connections:
        with suppress(OSError, AttributeError):
            connection.sock.shutdown(SHUT_RDWR)
