"""Change sets: what was changed together, when, by whom and through which interface.

All writes of one request, import or command share a change set. It is created by the first of them, so a
request that changes nothing has none.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.conf import settings
from django.db import models, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

T = TypeVar("T")


class Source(models.TextChoices):
    """The interface that a change was made through."""

    ADMIN = "admin", _("admin")
    WEBSITE = "website", _("website")
    API = "api", _("API")
    IMPORT = "import", _("import")
    COMMAND = "command", _("command line")


class ChangeSet(models.Model):
    """What one request, import or command changed. History entries link to it.

    ``entry_counts`` is the number of entries by record type and action, see :func:`.entries.count_key`. It is
    None if it isn't known, because something other than this version of the site wrote the change set.
    """

    at = models.DateTimeField(_("when"), default=timezone.now)
    source = models.CharField(_("source"), max_length=10, choices=Source)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, verbose_name=_("user"), related_name="+"
    )
    username = models.CharField(_("username"), max_length=150, blank=True)
    token = models.CharField(_("token"), max_length=100, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    undoes = models.ForeignKey(
        "self", models.SET_NULL, null=True, verbose_name=_("undoes change"), related_name="undone_by"
    )
    entry_counts = models.JSONField(null=True, editable=False)

    class Meta:
        # By time, as they are filtered, so that an index has a page of those before a time in a row. Ids have
        # almost the same order: change sets that are made at the same time can get theirs in another one.
        ordering = ["-at", "-id"]
        indexes = (
            models.Index(fields=["at", "id"]),
            models.Index(fields=["source", "at", "id"]),
            models.Index(fields=["username", "at", "id"]),
        )
        verbose_name = _("change")
        verbose_name_plural = _("changes")

    def __str__(self) -> str:
        return str(_("change %(id)s")) % {"id": self.pk}

    @property
    def author(self) -> str:
        """The user, with the token if one was used, or else the note of a command."""
        return " · ".join(filter(None, [self.username or self.note or str(_("unknown")), self.token]))


@dataclass
class ChangeSetContext:
    """A request, an import or a command that may write, and its change set once it has.

    Args:
        request: has the user at the first write; API requests are authenticated after they started.
        change_set_id: None until the first write.
        entry_counts: those of what has been written. It is replaced rather than changed.
        stored_counts: those that the row of the change set has.
        depth: how many transactions and savepoints of :func:`atomic_change_set` are open.
    """

    source: Source
    request: HttpRequest | None = None
    note: str = ""
    undoes: ChangeSet | None = None
    change_set_id: int | None = None
    entry_counts: Counter[str] = field(default_factory=Counter)
    stored_counts: Counter[str] = field(default_factory=Counter)
    depth: int = 0

    def attributes(self, at: Any) -> dict[str, Any]:
        """Return the values of a new change set by attribute, which is also the column.

        Args:
            at: when it was made.
        """
        user = getattr(self.request, "user", None)
        known = user is not None and user.is_authenticated
        return {
            "at": at,
            "source": self.source.value,
            "user_id": user.pk if known and user else None,
            "username": user.get_username() if known and user else "",
            "token": str(getattr(self.request, "auth", None) or ""),
            "note": self.note,
            "undoes_id": self.undoes.pk if self.undoes else None,
        }

    def get_or_create_id(self) -> int:
        """Return the id of the change set, which the first write creates."""
        if self.change_set_id is None:
            attributes = {**self.attributes(timezone.now()), "entry_counts": self.entry_counts}
            self.change_set_id = ChangeSet.objects.create(**attributes).pk
            self.stored_counts = self.entry_counts
        return self.change_set_id

    def counts_with(self, key: str, number: int = 1) -> Counter[str]:
        """Return the counts after writing that many more entries.

        Args:
            key: the record type and the action, see :func:`.entries.count_key`.
        """
        return self.entry_counts + Counter({key: number})

    def store_counts(self) -> None:
        """Write the counts to the row of the change set, unless it has them."""
        if self.change_set_id and self.stored_counts != self.entry_counts:
            ChangeSet.objects.filter(pk=self.change_set_id).update(entry_counts=self.entry_counts)
            self.stored_counts = self.entry_counts


_context: ContextVar[ChangeSetContext | None] = ContextVar("change_set", default=None)


@contextmanager
def new_change_set(
    source: Source, request: HttpRequest | None = None, note: str = "", undoes: ChangeSet | None = None
) -> Iterator[ChangeSetContext]:
    """Record all writes within as one change set."""
    context = ChangeSetContext(source, request, note, undoes)
    token = _context.set(context)
    try:
        yield context
    finally:
        _context.reset(token)


@contextmanager
def atomic_change_set(*, savepoint: bool = True, is_one_statement: bool = False) -> Iterator[None]:
    """Run a transaction as a part of the current change set, or of a new one if there is none.

    The change set is created with the counts of its first write. Those of later ones are stored when the
    transaction ends, in one statement.

    Args:
        savepoint: whether an outer transaction remains usable after an exception, as in Django's ``atomic``.
        is_one_statement: whether only one statement is run, which is a transaction by itself unless there is
            an outer one, or the change set exists already.
    """
    context = _context.get()
    if context is None:
        with (
            new_change_set(Source.COMMAND),
            atomic_change_set(savepoint=savepoint, is_one_statement=is_one_statement),
        ):
            yield
        return
    before = {**vars(context)}
    is_first = context.change_set_id is None
    try:
        if is_one_statement and is_first and not transaction.get_connection().in_atomic_block:
            yield
        else:
            with transaction.atomic(savepoint=savepoint):
                context.depth += 1
                yield
                context.depth -= 1
                if not context.depth:
                    context.store_counts()
    except BaseException:
        vars(context).update(before)  # what was written within has been rolled back
        raise


class RolledBack(Exception):
    """Rolls back the transaction of :func:`run_and_roll_back`."""


def run_and_roll_back(write: Callable[[], T]) -> T:
    """Call ``write``, roll back what it wrote, and return its result."""
    results: list[T] = []
    try:
        with atomic_change_set():
            results.append(write())
            raise RolledBack
    except RolledBack:
        return results[0]


def current_context() -> ChangeSetContext:
    """Return the context of the current change set.

    Raises:
        RuntimeError: the caller isn't within :func:`atomic_change_set`.
    """
    context = _context.get()
    if context is None:
        raise RuntimeError("Write records within heroesite.records.audit.change_sets.atomic_change_set.")
    return context


def current_change_set_id() -> int:
    """Return the id of the current change set, which is created if this is its first write.

    Raises:
        RuntimeError: the caller isn't within :func:`atomic_change_set`.
    """
    return current_context().get_or_create_id()


def recorded_change_set_id() -> int | None:
    """Return the id of the current change set, or None if nothing has been written."""
    context = _context.get()
    return context.change_set_id if context else None
