"""How the API writes: in one transaction, once per Idempotency-Key, or as a dry run."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.db import DatabaseError, connection
from rest_framework.request import Request
from rest_framework.response import Response

from heroesite.api import idempotency
from heroesite.api.models import IdempotencyKey
from heroesite.database.outages import is_unreachable
from heroesite.records.api.filter_backend import is_dry_run
from heroesite.records.audit.change_sets import run_and_roll_back
from heroesite.records.audit.entries import action_of
from heroesite.records.audit.recording import entries_of_current_change_set
from heroesite.records.models.base import StaleRecord, record_models
from heroesite.records.retries import is_conflict, retry_on_conflict

MAX_CHANGES = 1000
"""Changes that the response to a dry run lists."""


class IdempotentWriteMixin:
    """A view whose write methods are decorated with :func:`idempotent`."""

    def restricted_members(self) -> Iterable[str]:
        """Return the members of a response whose values are neither stored nor shown by a dry run."""
        return ()

    def needs_no_transaction(self) -> bool:
        """Return whether the request writes with one statement, and so needs no transaction and no lock."""
        return False

    def dry_run_response(self, response: Response) -> Response:
        """Describe a write, before it is rolled back.

        Restricted values are left out, because a dry run logs no access to them.

        Args:
            response: the response of the write itself.
        """
        for row in idempotency.rows_of(response.data):
            for name in {*self.restricted_members()} & {*row}:
                del row[name]
            if response.status_code == 201:
                row["id"] = None  # assigned by the actual write
        changes = [
            {
                "kind": model._meta.model_name,
                "id": pk if version > 1 else None,  # a restored record has an id already
                "name": name,
                "action": action_of(history_type, version > 1),
            }
            for model in record_models()
            for pk, version, name, history_type in entries_of_current_change_set(model).values_list(
                "id", "version", "name", "history_type"
            )
        ]
        described = {"dry_run": True, "status": response.status_code, "body": response.data}
        return Response({**described, "change_count": len(changes), "changes": changes[:MAX_CHANGES]})

    def replay(self, key: IdempotencyKey) -> Response:
        """Return the stored response to an earlier request with this key."""
        return idempotency.replay(key)


def idempotent(write: Callable[..., Response]) -> Callable[..., Response]:
    """Decorate the method of a view that writes.

    It runs in one transaction, and once for each Idempotency-Key. With ``dry_run`` it is rolled back. If one
    statement is all that the transaction would contain, it is tried without first; a conflict with another
    write is then resolved in a transaction.
    """

    @wraps(write)
    def run(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        takes_key = request.method in {"POST", "PATCH"}
        if is_dry_run(request):
            if takes_key:
                idempotency.read_key(request)
            roll_back = retry_on_conflict(run_and_roll_back)
            return roll_back(lambda: view.dry_run_response(write(view, request, *args, **kwargs)))
        key = idempotency.claim(request) if takes_key else None
        if key is not None and key.status is not None:
            return view.replay(key)
        if key is None and view.needs_no_transaction() and not connection.in_atomic_block:
            response = without_lock(lambda: write(view, request, *args, **kwargs))
            if response is not None:
                return response

        @retry_on_conflict
        def write_and_store() -> Response:
            response = write(view, request, *args, **kwargs)
            if key is not None:
                idempotency.store(key, response, restricted=view.restricted_members())
            return response

        if key is None:
            return write_and_store()
        unreachable = False
        try:
            return write_and_store()
        except Exception as error:
            unreachable = is_unreachable(error)
            response = view.handle_exception(error)
            if idempotency.is_final(response):
                idempotency.store(key, response)
            return response
        finally:
            if not unreachable:
                idempotency.release(key)

    return run


def without_lock(write: Callable[[], Response]) -> Response | None:
    """Run a write of one statement without a transaction and without a lock.

    Returns:
        what ``write`` returns, or None if it conflicts with another write, in which case nothing is written.

    Raises:
        DatabaseError: any other error.
    """
    try:
        return write()
    except StaleRecord:
        return None
    except DatabaseError as error:
        if not is_conflict(error):
            raise
        return None
