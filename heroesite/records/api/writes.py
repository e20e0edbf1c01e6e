"""How the API writes: in one transaction, once for each Idempotency-Key, or only rehearsed."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from heroesite.api import idempotency
from heroesite.api.models import IdempotencyKey
from heroesite.database.outages import is_unreachable
from heroesite.records.api.filter_backend import is_dry_run
from heroesite.records.audit.change_sets import run_and_roll_back
from heroesite.records.audit.entries import action_of
from heroesite.records.audit.recording import entries_of_current_change_set
from heroesite.records.models.base import record_models
from heroesite.records.retries import retry_on_conflict

TOLD = 1000
"""Records that a rehearsal tells one by one."""


class Write:
    """A view with writes that are done ``once``, or rehearsed."""

    def hidden(self) -> Iterable[str]:
        """The members of an answer that are neither kept nor rehearsed."""
        return ()

    def rehearsal(self, answer: Response) -> Response:
        """What is told about a write that would be answered so, before it is taken back.

        Restricted values are left out, since nobody notes that they were shown.
        """
        for row in idempotency.rows(answer.data):
            for name in {*self.hidden()} & {*row}:
                del row[name]
            if answer.status_code == 201:
                row["id"] = None  # which is given out when it is done
        changes = [
            {
                "kind": kind._meta.model_name,
                "id": pk if version > 1 else None,  # what comes back has one
                "name": name,
                "action": action_of(what, version > 1),
            }
            for kind in record_models()
            for pk, version, name, what in entries_of_current_change_set(kind).values_list(
                "id", "version", "name", "history_type"
            )
        ]
        told = {"dry_run": True, "status": answer.status_code, "body": answer.data}
        return Response({**told, "change_count": len(changes), "changes": changes[:TOLD]})

    def replayed(self, key: IdempotencyKey) -> Response:
        """The answer that was kept."""
        return idempotency.replayed(key)


def once(write: Callable[..., Response]) -> Callable[..., Response]:
    """Run ``write`` as one transaction, and for each Idempotency-Key once; with ``dry_run`` take it back."""

    @wraps(write)
    def run(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        keyed = request.method in {"POST", "PATCH"}
        if is_dry_run(request):
            if keyed:
                idempotency.given_key(request)
            told = retry_on_conflict(run_and_roll_back)
            return told(lambda: view.rehearsal(write(view, request, *args, **kwargs)))
        key = idempotency.claim(request) if keyed else None
        if key is not None and key.status is not None:
            return view.replayed(key)

        @retry_on_conflict
        def written() -> Response:
            answer = write(view, request, *args, **kwargs)
            if key is not None:
                idempotency.keep(key, answer, hidden=view.hidden())
            return answer

        if key is None:
            return written()
        unreachable = False
        try:
            return written()
        except Exception as error:
            unreachable = is_unreachable(error)
            answer = view.handle_exception(error)
            if idempotency.is_final(answer):
                idempotency.keep(key, answer)
            return answer
        finally:
            if not unreachable:
                idempotency.release(key)

    return run
