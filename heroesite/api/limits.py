"""Rate limits of the API per minute: by user and token, and by address for visitors.

All processes count together, in the cache. A process counts requests in steps of a hundredth of the limit,
and accepts the first thousandth before it counts at all, so that clients with few requests cost nothing. A
limit below 1,000 is therefore exact; a larger one can be exceeded by a thousandth per process.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
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

logger = logging.getLogger(__name__)

MINUTE = 60
SUSPENSION = 10
"""Seconds without counting after the database couldn't count."""
Client = tuple[str, str]
"""The name of a limit, and the key of the client that it counts."""


class LimitExceeded(APIException):
    """
    Args:
        limit: requests per minute.
        wait: seconds until the next request is accepted.
    """

    status_code = 429
    default_code = "limit"
    message = "Rate limit exceeded: {limit:,} requests per minute per {name}. Retry in {wait} seconds."

    def __init__(self, name: str, limit: int, wait: int) -> None:
        super().__init__(self.message.format(limit=limit, name=name, wait=wait))
        self.wait = wait


@dataclass
class Allowance:
    """The requests that this process can still accept from a client in this minute.

    Args:
        left: accepted without counting again.
        uncounted: those at the start of the minute, which are counted with the next step.
        left_elsewhere: left for all processes when this one last counted.
    """

    left: int
    uncounted: int
    left_elsewhere: int
    is_exhausted: bool = False


class Counter:
    """Counts requests in the current minute."""

    def __init__(self) -> None:
        self.lock, self.minute = Lock(), 0
        self.suspended_until = 0.0
        self.allowances: dict[Client, Allowance] = {}

    def count(self, client: Client, limit: int, minute: int) -> int | None:
        """Count a request.

        Returns:
            the requests that are left, as far as this process knows, or None if the limit is exceeded.
        """
        with self.lock:
            if minute != self.minute:
                self.minute, self.allowances = minute, {}
            free = limit // 1000
            allowance = self.allowances.setdefault(client, Allowance(free, free, limit - free))
            if allowance.left:
                allowance.left -= 1
                return allowance.left + allowance.left_elsewhere
            if allowance.is_exhausted:
                return None
            uncounted, allowance.uncounted = allowance.uncounted, 0
        step = max(1, limit // 100) + uncounted
        total = self.count_together(client, minute, step)
        accepted = step - max(0, total - limit) - uncounted
        with self.lock:
            allowance.left_elsewhere = max(0, limit - total)
            allowance.is_exhausted = accepted <= 0
            allowance.left += max(0, accepted - 1)
            return allowance.left + allowance.left_elsewhere if accepted > 0 else None

    def count_together(self, client: Client, minute: int, requests: int) -> int:
        """Add to the count of all processes for a client in a minute.

        While the database can't count, nothing is counted: a limit is no reason for an error, and waiting for
        the database with each request would slow down every read.

        Returns:
            the sum.

        Raises:
            DatabaseError: the database is unreachable, as it is for the request itself.
        """
        if time.monotonic() < self.suspended_until:
            return 0
        key = ":".join(["limit", *client, str(minute)])
        try:
            try:
                return cache.incr(key, requests)
            except ValueError:  # the first in this minute
                cache.add(key, 0, 2 * MINUTE)
                return cache.incr(key, requests)
        except DatabaseError as error:
            self.suspended_until = time.monotonic() + SUSPENSION
            if is_unreachable(error):
                raise
            logger.warning("Rate limits are off for %d seconds: %s", SUSPENSION, error)
            return 0


counter = Counter()


@lru_cache(maxsize=1000)
def network(text: str) -> str:
    """Return what is counted as one address: an IPv4 address, a household's IPv6 network, or "unknown"."""
    try:
        address = ip_address(text)
    except ValueError:
        return "unknown"
    return str(ip_network((address, 64), strict=False) if address.version == 6 else address)


class Limits(BaseThrottle):
    """Counts each API request, and rejects it if a limit is exceeded."""

    def allow_request(self, request: Request, view: Any) -> bool:
        http_request = request._request
        if hasattr(http_request, "limits"):
            reject_exceeded(http_request)
        else:
            count_request(http_request, self.clients(request))
        return True

    def clients(self, request: Request) -> Sequence[Client]:
        if not request.user.is_authenticated:
            return [address_of(request)]
        tokens = [("token", request.auth.digest)] if isinstance(request.auth, ApiToken) else []
        return [*tokens, ("user", str(request.user.pk))]


def address_of(request: HttpRequest | Request) -> Client:
    """Return the client for a visitor: the address that the trusted proxies report."""
    address, forwarded = request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR")
    if settings.TRUSTED_PROXIES and forwarded is not None:
        addresses = forwarded.split(",")
        address = addresses[-min(settings.TRUSTED_PROXIES, len(addresses))].strip()
    return "address", network(address)


def count_request(request: HttpRequest, clients: Sequence[Client]) -> None:
    """Count a request for each of ``clients``, and stop at the first limit that is exceeded.

    Either a plan or the view counts a request, so that it is counted once. ``request.limits`` contains the
    state of each limit.

    Raises:
        LimitExceeded: one of their limits is exceeded.
    """
    now = time.time()
    wait = MINUTE - int(now) % MINUTE
    states: list[tuple[str, int, int | None, int]] = []
    for name, key in clients:
        limit = settings.LIMITS[name]
        if limit:
            left = counter.count((name, key), limit, int(now) // MINUTE)
            states.append((name, limit, left, wait))
            request.limits = states  # type: ignore[attr-defined]
            if left is None:
                break
    reject_exceeded(request)


def reject_exceeded(request: HttpRequest) -> None:
    """Reject a request if :func:`count_request` found that it exceeds a limit.

    Raises:
        LimitExceeded: one of its limits is exceeded.
    """
    for name, limit, left, wait in getattr(request, "limits", ()):
        if left is None:
            raise LimitExceeded(name, limit, wait)


def add_limit_headers(request: HttpRequest, response: HttpResponse) -> None:
    """Report the limits in headers of the response (draft-ietf-httpapi-ratelimit-headers-10)."""
    if states := getattr(request, "limits", None):
        policies = (f'"{name}";q={limit};w={MINUTE}' for name, limit, *_ in states)
        response["RateLimit-Policy"] = ", ".join(policies)
        response["RateLimit"] = ", ".join(
            f'"{name}";r={left or 0};t={wait}' for name, _, left, wait in states
        )


class RateLimitHeaders:
    """Adds the headers that report the limits."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        add_limit_headers(request, response)
        return response
