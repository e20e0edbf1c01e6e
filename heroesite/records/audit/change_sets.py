"""What was changed, by whom and through which interface: change sets, and the history of each record.

All writes of one request, import or command share a change set. It is made when the first of them is
written, so that what changes nothing leaves nothing behind.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

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
    """What one request, import or command changed; the entries in the records' histories point here."""

    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    source = models.CharField(_("source"), max_length=10, choices=Source)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, verbose_name=_("user"), related_name="+"
    )
    username = models.CharField(_("username"), max_length=150, blank=True, db_index=True)
    token = models.CharField(_("token"), max_length=100, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    undoes = models.ForeignKey(
        "self", models.SET_NULL, null=True, verbose_name=_("undoes change"), related_name="undone_by"
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = _("change")
        verbose_name_plural = _("changes")

    def __str__(self) -> str:
        return str(_("change %(id)s")) % {"id": self.pk}

    @property
    def author(self) -> str:
        """Who made it, as far as is known: a person, perhaps by a token, or a command."""
        return " · ".join(filter(None, [self.username or self.note or str(_("unknown")), self.token]))


@dataclass
class ChangeSetContext:
    """Something under way that may write: a request, an import or a command.

    Args:
        request: asked at the first write who is signed in, since programs say so late.
        change_set_id: of what it has written so far.
    """

    source: Source
    request: HttpRequest | None = None
    note: str = ""
    undoes: ChangeSet | None = None
    change_set_id: int | None = None

    def change_set(self) -> int:
        if self.change_set_id is None:
            user = getattr(self.request, "user", None)
            known = user is not None and user.is_authenticated
            self.change_set_id = ChangeSet.objects.create(
                source=self.source,
                user=user if known else None,
                username=user.get_username() if known and user else "",
                token=str(getattr(self.request, "auth", None) or ""),
                note=self.note,
                undoes=self.undoes,
            ).pk
        return self.change_set_id


_under_way: ContextVar[ChangeSetContext | None] = ContextVar("under_way", default=None)


@contextmanager
def new_change_set(
    source: Source, request: HttpRequest | None = None, note: str = "", undoes: ChangeSet | None = None
) -> Iterator[ChangeSetContext]:
    """What is written within shares a change set that says so."""
    started = ChangeSetContext(source, request, note, undoes)
    token = _under_way.set(started)
    try:
        yield started
    finally:
        _under_way.reset(token)


@contextmanager
def atomic_change_set(*, savepoint: bool = True) -> Iterator[None]:
    """A transaction within one change set: the one under way, or one of a command's own.

    A rollback takes along the change set that was made within, so that it is forgotten here as well.

    Args:
        savepoint: whether a failure within leaves an outer transaction usable, as in Django's ``atomic``.
    """
    under_way = _under_way.get()
    if under_way is None:
        with new_change_set(Source.COMMAND), atomic_change_set(savepoint=savepoint):
            yield
        return
    known = under_way.change_set_id
    try:
        with transaction.atomic(savepoint=savepoint):
            yield
    except BaseException:
        under_way.change_set_id = known
        raise


class RolledBack(Exception):
    """Ends what is taken back."""


def run_and_roll_back(write: Callable[[], T]) -> T:
    """What ``write`` returns, though nothing of it stays."""
    answers: list[T] = []
    try:
        with atomic_change_set():
            answers.append(write())
            raise RolledBack
    except RolledBack:
        return answers[0]


def current_change_set_id() -> int:
    under_way = _under_way.get()
    if under_way is None:
        raise RuntimeError(
            "Records are written within heroesite.records.audit.change_sets.atomic_change_set."
        )
    return under_way.change_set()


def recorded_change_set_id() -> int | None:
    """The id of the change set under way, if anything was written."""
    under_way = _under_way.get()
    return under_way.change_set_id if under_way else None
