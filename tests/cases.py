"""Test one rule with many cases in one test, which then fails once and names each case that fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from traceback import extract_tb
from types import TracebackType

from django.db import connection, transaction
from django.utils import translation

from heroesite.api import limits


class Cases:
    """Cases of one rule. The test fails at the end and reports all that failed.

    >>> with Cases() as case:
    ...     for address in ADDRESSES:
    ...         with case(address):
    ...             assert client.get(address).status_code == 200
    """

    def __init__(self) -> None:
        self.failures: dict[str, str] = {}

    def __enter__(self) -> "Cases":
        return self

    @contextmanager
    def __call__(self, *name: object) -> Iterator[None]:
        """Run one case, as a test of its own: what it writes to the database is rolled back.

        Args:
            name: a name that distinguishes the case from the others.
        """
        try:
            with rolled_back():
                reset()
                yield
        except Exception as error:
            line = extract_tb(error.__traceback__)[1]
            self.failures[", ".join(map(str, name))] = (
                f"line {line.lineno}: {line.line}\n{type(error).__name__}: {error}"
            )

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        __tracebackhide__ = True
        if error is None and self.failures:
            lines = (f"\n{name}\n{message}" for name, message in self.failures.items())
            raise AssertionError(f"{len(self.failures)} cases failed:\n" + "\n".join(lines))


@contextmanager
def rolled_back() -> Iterator[None]:
    """Roll back what the block writes to the database, if the test runs in a transaction.

    This uses a savepoint and not ``atomic``, in which a request couldn't begin a durable transaction.
    """
    if not connection.in_atomic_block:
        yield
        return
    savepoint = transaction.savepoint()
    try:
        yield
    finally:
        connection.set_rollback(False)
        transaction.savepoint_rollback(savepoint)


def reset() -> None:
    """Reset what a request changes outside of the database: the counter of requests, and the language."""
    limits.counter = limits.Counter()
    translation.deactivate()
