"""One delivery, sent: signed (Standard Webhooks), to a public address, without following anything."""

import base64
import hmac
import time
from contextlib import suppress
from socket import SHUT_RDWR
from threading import Timer
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from heroesite.text import printable

from .addresses import NotPublic, look_up
from .models import ANSWER_LENGTH, Attempt, Delivery

PATIENCE = 5
"""Seconds for one step: to connect, or until a part of the answer comes."""
LONGEST = 15
"""Seconds for all of it."""
AGENT = "heroesite-webhooks/1"


def signature(secret: str, message: str, timestamp: int, body: str) -> str:
    """The header ``webhook-signature`` (Standard Webhooks, symmetric)."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.digest(key, f"{message}.{timestamp}.{body}".encode(), "sha256")
    return f"v1,{base64.b64encode(signed).decode()}"


def headers(delivery: Delivery) -> dict[str, str]:
    now = int(time.time())
    return {
        "Content-Type": "application/json",
        "User-Agent": AGENT,
        "webhook-id": delivery.message,
        "webhook-timestamp": str(now),
        "webhook-signature": signature(delivery.webhook.secret, delivery.message, now, delivery.body),
    }


def send(delivery: Delivery) -> Attempt:
    """Send a delivery once. Returns what came of it, not yet stored."""
    attempt = Attempt(delivery=delivery)
    try:
        attempt.status, attempt.answer = post(delivery.webhook.url, delivery.body, headers(delivery))
    except NotPublic as error:
        attempt.fault = str(error)
    except (OSError, HTTPError, ValueError) as error:
        attempt.fault = printable(f"{type(error).__name__}: {error}")
    return attempt


def post(url: str, body: str, fields: dict[str, str]) -> tuple[int, str]:
    """Send ``body``. Returns the status of the answer and its beginning.

    Raises:
        NotPublic: the address is not public.
        OSError, HTTPError, ValueError: nothing was answered.
    """
    parts, connections = urlsplit(url), list[HTTPConnection]()
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    watch = Timer(LONGEST, hang_up, [connections])
    watch.start()
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
        answer, begun = connection.getresponse(), b""
        with suppress(OSError, HTTPError):  # the status says enough
            begun = answer.read1(ANSWER_LENGTH)
        return answer.status, begun.decode("utf-8", "replace").replace("\0", "\ufffd")
    finally:
        watch.cancel()
        for connection in connections:
            connection.close()


def connect(url: str, connections: list[HTTPConnection]) -> HTTPConnection:
    """A connection to the first address of the host that takes one; each tried joins ``connections``."""
    parts = urlsplit(url)
    secure, host = parts.scheme == "https", parts.hostname or ""
    port = parts.port or (443 if secure else 80)
    addresses = look_up(host, port)
    for address in addresses:
        connection = (
            HTTPSConnection(address, port, timeout=PATIENCE, server_hostname=host, assert_hostname=host)
            if secure
            else HTTPConnection(address, port, timeout=PATIENCE)
        )
        connections.append(connection)
        try:
            connection.connect()
        except (OSError, HTTPError):
            if address == addresses[-1]:
                raise
        else:
            return connection
    raise OSError(f"There is no {host}.")


def hang_up(connections: list[HTTPConnection]) -> None:
    """End a conversation that drips on."""
    for connection in connections:
        with suppress(OSError, AttributeError):
            connection.sock.shutdown(SHUT_RDWR)
