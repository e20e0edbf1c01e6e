"""What all processes share for a while: the counts of requests, and of attempts to sign in.

Either cache counts atomically, so that a crowd at one moment is counted as it is.
"""

import logging
from typing import Any

from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django.db import connections, router, transaction
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = logging.getLogger(__name__)


class CountingDatabaseCache(DatabaseCache):
    """A table of the database."""

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add to a number, its row locked first: Django's own reads and writes it apart (ticket 23326)."""
        database = router.db_for_write(self.cache_model_class)
        connection = connections[database]
        table, row = map(connection.ops.quote_name, (self._table, "cache_key"))  # type: ignore[attr-defined]
        lock = f"UPDATE {table} SET {row} = {row} WHERE {row} = %s"  # noqa: S608  names of ours
        with transaction.atomic(using=database), connection.cursor() as cursor:
            cursor.execute(lock, [self.make_and_validate_key(key, version=version)])
            if not cursor.rowcount:  # nor is it read then: it may have come since, and is not locked
                raise ValueError(f"There is no “{key}”.")
            return super().incr(key, delta, version)


class LenientRedisClient(RedisCacheClient):
    """Where Redis is away, nothing is known and nothing is kept: the site goes on, and its log says so."""

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self.attempt(super().get, None, *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self.attempt(super().set, None, *args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self.attempt(super().add, True, *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        return self.attempt(super().incr, 0, *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self.attempt(super().delete, False, *args, **kwargs)

    def attempt(self, ask: Any, otherwise: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return ask(*args, **kwargs)
        except RedisError as error:
            log.warning("Redis does not answer: %s", error)
            return otherwise


class LenientRedisCache(RedisCache):
    """Redis, asked once and with little patience."""

    patience = {
        "socket_connect_timeout": 0.2,
        "socket_timeout": 0.2,
        "retry": Retry(NoBackoff(), 0),
    }

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, {**params, "OPTIONS": {**self.patience, **params.get("OPTIONS", {})}})
        self._class = LenientRedisClient
