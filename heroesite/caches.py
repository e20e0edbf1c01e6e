"""Cache backends for counts that all processes share: of requests, and of attempts to sign in.

Both count atomically, so that requests at the same moment are all counted.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django.db import DatabaseError, connections, router
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from .database.outages import outage_of
from .database.timeouts import SECONDARY, lock_timeout

log = logging.getLogger(__name__)


class CountingDatabaseCache(DatabaseCache):
    """A cache in a table of the database."""

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add to a number under a lock on its row, which Django doesn't take (ticket 23326).

        Raises:
            ValueError: there is no such key.
            DatabaseError: the database is busy for long, or worse.
        """
        connection = connections[self.database]
        table, row = map(connection.ops.quote_name, (self._table, "cache_key"))  # type: ignore[attr-defined]
        lock = f"UPDATE {table} SET {row} = {row} WHERE {row} = %s"  # noqa: S608  constant names
        with lock_timeout(SECONDARY, self.database), connection.cursor() as cursor:
            cursor.execute(lock, [self.make_and_validate_key(key, version=version)])
            if not cursor.rowcount:  # not read either: a row added since then isn't locked
                raise ValueError(f"The cache has no key “{key}”.")
            return super().incr(key, delta, version)

    def add(self, *args: Any, **kwargs: Any) -> bool:
        with self.outages_raised():
            return super().add(*args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> None:
        with self.outages_raised():
            super().set(*args, **kwargs)

    @property
    def database(self) -> str:
        return router.db_for_write(self.cache_model_class)

    @contextmanager
    def outages_raised(self) -> Iterator[None]:
        """Raise an outage of the database, which Django takes for a key that another process added."""
        outages: list[DatabaseError] = []

        def run(execute: Any, *args: Any) -> Any:
            try:
                return execute(*args)
            except DatabaseError as error:
                if outage_of(error):
                    outages.append(error)
                raise

        with connections[self.database].execute_wrapper(run):
            yield
        if outages:
            raise outages[0]


class LenientRedisClient(RedisCacheClient):
    """A client that works without Redis: nothing is found, nothing is stored, and the log says so."""

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

    def attempt(self, command: Any, default: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except RedisError as error:
            log.warning("Redis isn't available: %s", error)
            return default


class LenientRedisCache(RedisCache):
    """A cache in Redis, with short timeouts and without retries."""

    timeouts = {
        "socket_connect_timeout": 0.2,
        "socket_timeout": 0.2,
        "retry": Retry(NoBackoff(), 0),
    }

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, {**params, "OPTIONS": {**self.timeouts, **params.get("OPTIONS", {})}})
        self._class = LenientRedisClient
