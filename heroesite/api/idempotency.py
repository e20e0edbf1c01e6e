"""Idempotency-Key: a write that a client retries because it didn't get the response runs only once.

The key is claimed first, in its own transaction, for as long as ``LEASE``: if the process dies, the next
request can claim it. The response is stored in the transaction of the write, so that neither exists without
the other.
"""

import json
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from copy import deepcopy
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from heroesite.database.timeouts import SECONDARY, lock_timeout

from .models import IdempotencyKey
from .problems import MEDIA_TYPE

LEASE = timedelta(seconds=60)
"""How long a write may take before another request can claim its key."""
HEADERS = ("ETag", "Location")
"""The headers that are stored with a response."""
NOT_STORED = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.CONFLICT,
    HTTPStatus.PRECONDITION_FAILED,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.PRECONDITION_REQUIRED,
    HTTPStatus.TOO_MANY_REQUESTS,
}
"""The errors that the same body can avoid, with another header or later."""


class InvalidIdempotencyKey(APIException):
    status_code = HTTPStatus.BAD_REQUEST
    default_code = "idempotency_key"
    default_detail = "Invalid Idempotency-Key. Send 1 to 255 visible ASCII characters, such as a UUID."


class IdempotencyKeyReused(APIException):
    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_code = "idempotency_key_reused"
    default_detail = (
        "This Idempotency-Key was used for a different request. To retry, send the same request again;"
        " otherwise use a new key."
    )


class IdempotencyKeyInUse(APIException):
    """The first request with the key is still running, or ran so long that another has claimed the key."""

    status_code = HTTPStatus.CONFLICT
    default_code = "idempotency_key_in_use"
    default_detail = "A request with this Idempotency-Key is still in progress. Retry in a moment."
    wait = 1


def read_key(request: Request) -> str | None:
    """Return the Idempotency-Key of a request, if it has one.

    Raises:
        InvalidIdempotencyKey: it is empty, too long, or contains other characters.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not re.fullmatch("[!-~]{1,255}", key):
        raise InvalidIdempotencyKey
    return key


def claim(request: Request) -> IdempotencyKey | None:
    """Claim the key of a request.

    Returns:
        The key, with the stored response if there is one; ``None`` for a request without a key.

    Raises:
        InvalidIdempotencyKey: see :func:`read_key`.
        IdempotencyKeyReused: it was used with another body, method or path.
        IdempotencyKeyInUse: a request with it is still running.
    """
    key = read_key(request)
    if key is None:
        return None
    now = timezone.now()
    claimed = {
        "fingerprint": fingerprint(request),
        "claim": secrets.token_hex(16),
        "leased_until": now + LEASE,
        "at": now,
    }
    with transaction.atomic(durable=True):
        row, created = IdempotencyKey.objects.select_for_update().get_or_create(
            user=request.user, key=key, defaults=claimed
        )
        has_response = row.status is not None and not row.is_over
        if not created and (has_response or row.leased_until > now):
            if row.fingerprint != claimed["fingerprint"]:
                raise IdempotencyKeyReused
            if not has_response:
                raise IdempotencyKeyInUse
        elif not created:
            for name, value in {**claimed, "status": None}.items():
                setattr(row, name, value)
            row.save()
    return row


def fingerprint(request: Request) -> str:
    """Return a digest of method, path and body. It is keyed, because a body can contain secrets."""
    content = f"{request.method} {request.path.rstrip('/')}\n".encode() + request.body
    return salted_hmac(__name__, content, algorithm="sha256").hexdigest()


def store(row: IdempotencyKey, response: Response, restricted: Iterable[str] = ()) -> None:
    """Store the response to a request with its key.

    Args:
        restricted: the members that are stored without their values.

    Raises:
        IdempotencyKeyInUse: the lease has expired and another request has claimed the key, so this write
            has to be rolled back.
    """
    body = deepcopy(response.data)
    for members in rows_of(body):
        members.update({name: None for name in restricted if name in members})
    claimed = IdempotencyKey.objects.filter(pk=row.pk, claim=row.claim)
    if not claimed.update(
        status=response.status_code,
        headers={name: response[name] for name in HEADERS if name in response},
        body=JSONRenderer().render(body).decode(),
    ):
        raise IdempotencyKeyInUse


def rows_of(body: Any) -> list[dict[str, Any]]:
    """Return the records in the body of a response: those in its list of results, or the body itself."""
    if not isinstance(body, dict):
        return []
    results: list[dict[str, Any]] = body.get("results", [body])
    return results


def is_final(response: Response) -> bool:
    """Return whether a retry of the same request would get the same response."""
    return response.status_code < 500 and response.status_code not in NOT_STORED


def release(row: IdempotencyKey) -> None:
    """End the lease of a key that is still ours: a request without a response can be repeated at once.

    If the database is busy or read-only, the lease ends by itself.
    """
    with suppress(DatabaseError), lock_timeout(SECONDARY):
        IdempotencyKey.objects.filter(pk=row.pk, claim=row.claim).update(leased_until=timezone.now())


def replay(row: IdempotencyKey) -> Response:
    """Return the stored response; restricted members are null."""
    status = row.status or 0
    headers = {**row.headers, "Idempotency-Replayed": "true"}
    content_type = MEDIA_TYPE if status >= 400 else None
    return Response(json.loads(row.body), status, headers=headers, content_type=content_type)
