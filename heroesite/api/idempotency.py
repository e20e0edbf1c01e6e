"""Idempotency-Key: a write that a program sends again, because its answer was lost, is done once.

The key is claimed first, in a transaction of its own, and for ``LEASE``: whoever dies with it leaves it to
the next. The answer is kept in the transaction of the write, so that there is never one without the other.
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
"""How long a write may take before its key goes to the next who asks."""
HEADERS = ("ETag", "Location")
"""The headers that are part of an answer, whoever asks and whenever."""
PASSING = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.CONFLICT,
    HTTPStatus.PRECONDITION_FAILED,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.PRECONDITION_REQUIRED,
    HTTPStatus.TOO_MANY_REQUESTS,
}
"""Answers that the same body may get rid of: by another header, or by waiting. They are not kept."""


class BadKey(APIException):
    status_code = HTTPStatus.BAD_REQUEST
    default_code = "idempotency_key"
    default_detail = (
        "The Idempotency-Key cannot be used. Send 1 to 255 visible ASCII characters, as a UUID is."
    )


class KeyReused(APIException):
    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_code = "idempotency_key_reused"
    default_detail = (
        "This Idempotency-Key came with another request before. Send that one unchanged, or a new key."
    )


class StillRunning(APIException):
    """The first request under the key has no answer yet, or took so long that its key went to another."""

    status_code = HTTPStatus.CONFLICT
    default_code = "idempotency_key_in_use"
    default_detail = "A request with this Idempotency-Key is under way. Send this one again in a moment."
    wait = 1


def given_key(request: Request) -> str | None:
    """The text of the key that comes with this request, if one does.

    Raises:
        BadKey: it is empty, too long, or has other characters.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not re.fullmatch("[!-~]{1,255}", key):
        raise BadKey
    return key


def claim(request: Request) -> IdempotencyKey | None:
    """The key of this request, claimed, or with the answer that it got before; none where it brings none.

    Raises:
        BadKey: see :func:`given_key`.
        KeyReused: it came with another body, method or path.
        StillRunning: a request with it is under way.
    """
    key = given_key(request)
    if key is None:
        return None
    now = timezone.now()
    ours = {
        "fingerprint": fingerprint(request),
        "claim": secrets.token_hex(16),
        "leased_until": now + LEASE,
        "at": now,
    }
    with transaction.atomic(durable=True):
        row, new = IdempotencyKey.objects.select_for_update().get_or_create(
            user=request.user, key=key, defaults=ours
        )
        answered = row.status is not None and not row.is_over
        if not new and (answered or row.leased_until > now):
            if row.fingerprint != ours["fingerprint"]:
                raise KeyReused
            if not answered:
                raise StillRunning
        elif not new:
            for name, value in {**ours, "status": None}.items():
                setattr(row, name, value)
            row.save()
    return row


def fingerprint(request: Request) -> str:
    """What makes two requests the same. It is keyed, since a body may hold secrets."""
    asked = f"{request.method} {request.path.rstrip('/')}\n".encode() + request.body
    return salted_hmac(__name__, asked, algorithm="sha256").hexdigest()


def keep(row: IdempotencyKey, answer: Response, hidden: Iterable[str] = ()) -> None:
    """Keep ``answer`` under a key that is still ours.

    Args:
        hidden: the members whose values are left out, each of which keeps its place.

    Raises:
        StillRunning: the lease was over and another request has claimed the key, so this write must not be.
    """
    body = deepcopy(answer.data)
    for members in rows(body):
        members.update({name: None for name in hidden if name in members})
    held = IdempotencyKey.objects.filter(pk=row.pk, claim=row.claim)
    if not held.update(
        status=answer.status_code,
        headers={name: answer[name] for name in HEADERS if name in answer},
        body=JSONRenderer().render(body).decode(),
    ):
        raise StillRunning


def rows(body: Any) -> list[dict[str, Any]]:
    """The records in the body of an answer: itself, or those in its list of results."""
    if not isinstance(body, dict):
        return []
    results: list[dict[str, Any]] = body.get("results", [body])
    return results


def is_final(answer: Response) -> bool:
    """Whether the same request would be answered so again."""
    return answer.status_code < 500 and answer.status_code not in PASSING


def release(row: IdempotencyKey) -> None:
    """End the lease of a key that is still ours: a request without a response can be repeated at once.

    If the database is busy or read-only, the lease ends by itself.
    """
    with suppress(DatabaseError), lock_timeout(SECONDARY):
        IdempotencyKey.objects.filter(pk=row.pk, claim=row.claim).update(leased_until=timezone.now())


def replayed(row: IdempotencyKey) -> Response:
    """The answer that was kept; hidden members stand in it without their values."""
    status = row.status or 0
    headers = {**row.headers, "Idempotency-Replayed": "true"}
    kind = MEDIA_TYPE if status >= 400 else None
    return Response(json.loads(row.body), status, headers=headers, content_type=kind)
