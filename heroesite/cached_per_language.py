"""Remember what depends on the language of a request, and on the path that the site is mounted at."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar, TypeVarTuple

from django.urls import get_script_prefix
from django.utils.translation import get_language

A = TypeVarTuple("A")
R = TypeVar("R")
MAX_RESULTS = 512


def cached_per_language(function: Callable[[*A], R]) -> Callable[[*A], R]:
    """Cache the results of a function for each active language and script prefix."""

    @lru_cache(maxsize=MAX_RESULTS)
    def cached(_language: str | None, _script_prefix: str, *args: Any) -> R:
        return function(*args)

    @wraps(function)
    def call(*args: *A) -> R:
        return cached(get_language(), get_script_prefix(), *args)

    return call
