"""How the API writes: in one transaction, once for each Idempotency-Key, or only rehearsed."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from heroesite.api import idempotency
from heroesite.api.models import IdempotencyKey

from .changes import Entry, changed_so_far
from .models import all_kinds
from .queries import flag
from .races import again_after_race

TOLD = 1000
"""Records that a rehearsal tells one by one."""
ACTIONS = {Entry.CREATED: "created", Entry.CHANGED: "changed", Entry.DELETED: "deleted"}


class Write:
    """A view with writes that are done ``once``."""

    def hidden(self) -> Iterable[str]:
        """The members of an answer that are neither kept nor rehearsed."""
        return ()

    def replayed(self, key: IdempotencyKey) -> Response:
        """The answer that was kept."""
        return idempotency.replayed(key)


def once(write: Callable[..., Response]) -> Callable[..., Response]:
    """Run ``write`` as one transaction, and for each Idempotency-Key once; with ``dry_run`` take it back."""

    @wraps(write)
    def run(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        keyed = request.method in {"POST", "PATCH"}
        if flag(request, "dry_run"):
            if keyed:
                idempotency.given_key(request)
            return rehearsed(lambda: write(view, request, *args, **kwargs), view.hidden())
        key = idempotency.claim(request) if keyed else None
        if key is not None and key.status is not None:
            return view.replayed(key)

        @again_after_race
        def written() -> Response:
            answer = write(view, request, *args, **kwargs)
            if key is not None:
                idempotency.keep(key, answer, hidden=view.hidden())
            return answer

        if key is None:
            return written()
        try:
            return written()
        except Exception as error:
            answer = view.handle_exception(error)
            if idempotency.is_final(answer):
                idempotency.keep(key, answer)
            return answer
        finally:
            idempotency.release(key)

    return run


class Rehearsed(Exception):
    """Ends a rehearsal, and takes back what it did.

    Args:
        told: what it would have done.
    """

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told


def rehearsed(write: Callable[[], Response], hidden: Iterable[str]) -> Response:
    """What ``write`` would answer and change: it is done, and taken back.

    Restricted values are left out, since nobody notes that they were shown.
    """

    @again_after_race
    def done() -> None:
        answer = write()
        for row in idempotency.rows(answer.data):
            for name in {*hidden} & {*row}:
                del row[name]
            if answer.status_code == 201:
                row["id"] = None  # which is given out when it is done
        changes = [
            {
                "kind": kind._meta.model_name,
                "id": pk if version > 1 else None,  # what comes back has one
                "name": name,
                "action": ACTIONS[what],
            }
            for kind in all_kinds()
            for pk, version, name, what in changed_so_far(kind).values_list(
                "id", "version", "name", "history_type"
            )
        ]
        raise Rehearsed(
            {
                "dry_run": True,
                "status": answer.status_code,
                "body": answer.data,
                "change_count": len(changes),
                "changes": changes[:TOLD],
            }
        )

    try:
        done()
    except Rehearsed as rehearsal:
        return Response(rehearsal.told)
    raise AssertionError("A rehearsal ends by being taken back.")
