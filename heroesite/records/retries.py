"""Writes that meet: what happens when another write comes between a check and its own."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, IntegrityError

from heroesite.records.audit.change_sets import atomic_change_set

P = ParamSpec("P")
R = TypeVar("R")
ATTEMPTS = 20
DEADLOCK = "40P01"
"""PostgreSQL's SQLSTATE for the one of two writes that had to give way."""


def retry_on_conflict(write: Callable[P, R]) -> Callable[P, R]:
    """Run ``write`` as one transaction, and again if another write got in its way.

    The checks of the next run see what the other write did (the name taken, the team gone) and tell it
    in the same words as if it had been there from the start. Each run lets somebody else's write through,
    so that a crowd after one name is soon served.

    Raises:
        DatabaseError: any other than a lost race.
    """

    def attempt(*args: P.args, **kwargs: P.kwargs) -> R:
        with atomic_change_set():
            return write(*args, **kwargs)

    @wraps(write)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for _attempt in range(ATTEMPTS - 1):
            try:
                return attempt(*args, **kwargs)
            except DatabaseError as error:
                gave_way = getattr(error.__cause__, "sqlstate", None) == DEADLOCK
                if not (gave_way or isinstance(error, IntegrityError)):
                    raise
        return attempt(*args, **kwargs)

    return run
