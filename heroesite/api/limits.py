"""How often programs may ask in a minute: as a user, by a token, and visitors from an address.

The count is one for all processes, in the cache. A process takes requests from it by the hundredth of a
limit, and the first thousandth without asking, so that who asks seldom costs nothing. So a limit below 1,000
is kept to the request; a larger one may be passed by a thousandth for each process.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from threading import Lock
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from heroesite.database.outages import is_unreachable

from .models import ApiToken

log = logging.getLogger(__name__)

MINUTE = 60
SUSPENSION = 10
"""Seconds without counting after the database couldn't count."""
Caller = tuple[str, str]
"""The name of a limit, and who is counted under it."""


class LimitReached(APIException):
    """
    Args:
        wait: seconds until the next request is taken.
    """

    status_code = 429
    default_code = "limit"
    message = "Rate limit exceeded: {most:,} requests per minute per {name}. Retry in {wait} seconds."

    def __init__(self, name: str, most: int, wait: int) -> None:
        super().__init__(self.message.format(most=most, name=name, wait=wait))
        self.wait = wait


@dataclass
class Lot:
    """What this process may still take for a caller in this minute."""

    left: int
    owed: int
    """Taken without asking."""
    elsewhere: int
    """Left for all, when it was last asked."""
    over: bool = False


class Counts:
    """What is left of the limits in the minute under way."""

    def __init__(self) -> None:
        self.lock, self.minute = Lock(), 0
        self.suspended_until = 0.0
        self.lots: dict[Caller, Lot] = {}

    def take(self, caller: Caller, most: int, minute: int) -> int | None:
        """Count a request. Returns how many more there may be, as far as is known; none if it is refused."""
        with self.lock:
            if minute != self.minute:
                self.minute, self.lots = minute, {}
            free = most // 1000
            lot = self.lots.setdefault(caller, Lot(free, free, most - free))
            if lot.left:
                lot.left -= 1
                return lot.left + lot.elsewhere
            if lot.over:
                return None
            owed, lot.owed = lot.owed, 0
        wanted = max(1, most // 100) + owed
        total = count_together(caller, minute, wanted)
        got = wanted - max(0, total - most) - owed
        with self.lock:
            lot.elsewhere = max(0, most - total)
            lot.over = got <= 0
            lot.left += max(0, got - 1)
            return lot.left + lot.elsewhere if got > 0 else None


def count_together(caller: Caller, minute: int, requests: int) -> int:
    """Add to what all processes have counted for a caller in that minute. Returns the sum.

    While the database can't count, nothing is counted: a limit is no reason for an error. To wait for it
    again with each request would slow down every read.

    Raises:
        DatabaseError: the database is unreachable, and so is whatever the request is for.
    """
    if time.monotonic() < counts.suspended_until:
        return 0
    key = ":".join(["limit", *caller, str(minute)])
    try:
        try:
            return cache.incr(key, requests)
        except ValueError:  # the first in this minute
            cache.add(key, 0, 2 * MINUTE)
            return cache.incr(key, requests)
    except DatabaseError as error:
        counts.suspended_until = time.monotonic() + SUSPENSION
        if is_unreachable(error):
            raise
        log.warning("Requests aren't counted for %d seconds: %s", SUSPENSION, error)
        return 0


counts = Counts()


def network(text: str) -> str:
    """Return what is counted as one address: an IPv4 address, a household's IPv6 network, or "unknown"."""
    try:
        address = ip_address(text)
    except ValueError:
        return "unknown"
    return str(ip_network((address, 64), strict=False) if address.version == 6 else address)


class Limits(BaseThrottle):
    """Counts each request to the API, and refuses it where a limit is reached."""

    def allow_request(self, request: Request, view: Any) -> bool:
        self.count(request, self.callers(request))
        return True

    def callers(self, request: Request) -> Sequence[Caller]:
        if not request.user.is_authenticated:
            return [self.address(request)]
        tokens = [("token", request.auth.digest)] if isinstance(request.auth, ApiToken) else []
        return [*tokens, ("user", str(request.user.pk))]

    @classmethod
    def address(cls, request: Request) -> Caller:
        """Return the limit of a visitor, whose address our proxies vouch for."""
        return "address", network(cls().get_ident(request))

    def count(self, request: Request, callers: Sequence[Caller]) -> None:
        """
        Raises:
            LimitReached: it is one too many.
        """
        now = time.time()
        wait, told = MINUTE - int(now) % MINUTE, []
        for name, who in callers:
            most = settings.LIMITS[name]
            if most:
                left = counts.take((name, who), most, int(now) // MINUTE)
                told.append((name, most, left or 0, wait))
                request._request.limits = told  # type: ignore[attr-defined]
                if left is None:
                    raise LimitReached(name, most, wait)


class RateLimitHeaders:
    """Tells programs what is left of their limits (draft-ietf-httpapi-ratelimit-headers-10)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        if told := getattr(request, "limits", None):
            answer["RateLimit-Policy"] = ", ".join(f'"{name}";q={most};w={MINUTE}' for name, most, *_ in told)
            answer["RateLimit"] = ", ".join(f'"{name}";r={left};t={wait}' for name, _, left, wait in told)
        return answer
