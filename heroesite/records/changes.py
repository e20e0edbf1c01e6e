"""What was changed, by whom and through which door: change sets, and the history of each record.

All writes of one request, import or command share a change set. It is made when the first of them is
written, so that what changes nothing leaves nothing behind.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.db import models, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from .fields import FoldedField

T = TypeVar("T")


class Door(models.TextChoices):
    """The ways to the records."""

    ADMIN = "admin", _("admin")
    PAGE = "page", _("page")
    API = "api", _("API")
    IMPORT = "import", _("import")
    COMMAND = "command", _("command")


class ChangeSet(models.Model):
    """What one request, import or command changed; the entries in the records' histories point here."""

    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    door = models.CharField(_("door"), max_length=10, choices=Door)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, verbose_name=_("user"), related_name="+"
    )
    username = models.CharField(_("user name"), max_length=150, blank=True, db_index=True)
    token = models.CharField(_("token"), max_length=100, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    undoes = models.ForeignKey(
        "self", models.SET_NULL, null=True, verbose_name=_("undoes"), related_name="undone_by"
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = _("change set")
        verbose_name_plural = _("change sets")

    def __str__(self) -> str:
        return str(_("change set %(id)s")) % {"id": self.pk}

    @property
    def author(self) -> str:
        """Who made it, as far as is known: a person, perhaps by a token, or a command."""
        return " · ".join(filter(None, [self.username or self.note or str(_("unknown")), self.token]))


@dataclass
class Writing:
    """Something under way that may write: a request, an import or a command.

    Args:
        request: asked at the first write who is signed in, since programs say so late.
        change_set_id: of what it has written so far.
    """

    door: Door
    request: HttpRequest | None = None
    note: str = ""
    undoes: ChangeSet | None = None
    change_set_id: int | None = None

    def change_set(self) -> int:
        if self.change_set_id is None:
            user = getattr(self.request, "user", None)
            known = user is not None and user.is_authenticated
            self.change_set_id = ChangeSet.objects.create(
                door=self.door,
                user=user if known else None,
                username=user.get_username() if known and user else "",
                token=str(getattr(self.request, "auth", None) or ""),
                note=self.note,
                undoes=self.undoes,
            ).pk
        return self.change_set_id


_under_way: ContextVar[Writing | None] = ContextVar("under_way", default=None)


@contextmanager
def writing(
    door: Door, request: HttpRequest | None = None, note: str = "", undoes: ChangeSet | None = None
) -> Iterator[Writing]:
    """What is written within shares a change set that says so."""
    started = Writing(door, request, note, undoes)
    token = _under_way.set(started)
    try:
        yield started
    finally:
        _under_way.reset(token)


@contextmanager
def one_go(*, savepoint: bool = True) -> Iterator[None]:
    """A transaction within one change set: the one under way, or one of a command's own.

    A rollback takes along the change set that was made within, so that it is forgotten here as well.

    Args:
        savepoint: whether a failure within leaves an outer transaction usable, as in Django's ``atomic``.
    """
    under_way = _under_way.get()
    if under_way is None:
        with writing(Door.COMMAND), one_go(savepoint=savepoint):
            yield
        return
    known = under_way.change_set_id
    try:
        with transaction.atomic(savepoint=savepoint):
            yield
    except BaseException:
        under_way.change_set_id = known
        raise


class TakenBack(Exception):
    """Ends what is taken back."""


def taken_back(write: Callable[[], T]) -> T:
    """What ``write`` returns, though nothing of it stays."""
    answers: list[T] = []
    try:
        with one_go():
            answers.append(write())
            raise TakenBack
    except TakenBack:
        return answers[0]


def current_change_set() -> int:
    under_way = _under_way.get()
    if under_way is None:
        raise RuntimeError("Records are written within heroesite.records.changes.one_go.")
    return under_way.change_set()


def change_set_so_far() -> int | None:
    """The id of the change set under way, if anything was written."""
    under_way = _under_way.get()
    return under_way.change_set_id if under_way else None


def changed_so_far(kind: Any) -> models.QuerySet[Any]:
    """The entries that the change set under way has made in the history of ``kind``."""
    return kind.history.filter(change_set=change_set_so_far()).order_by("history_id")


def no_fields() -> list[str]:
    return []


class TransactionNumber(models.Func):
    """The number of a transaction on PostgreSQL.

    Args:
        asked: the function that tells it.
        elsewhere: what stands for it where there is one writer at a time.
    """

    output_field = models.BigIntegerField()

    def __init__(self, asked: str, elsewhere: int) -> None:
        super().__init__()
        self.asked, self.elsewhere = asked, elsewhere

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        return str(self.elsewhere), []

    def as_postgresql(self, *args: Any, **kwargs: Any) -> Any:
        return f"{self.asked}::text::bigint", []


THIS_TRANSACTION = TransactionNumber("pg_current_xact_id()", 0)


class Action(models.TextChoices):
    """What was done to a record."""

    CREATED = "created", _("created")
    CHANGED = "changed", _("changed")
    DELETED = "deleted", _("deleted")
    RESTORED = "restored", _("brought back")


def action_of(history_type: str, has_before: bool) -> Action:
    """A record that comes into the history for the first time is new, whatever its version."""
    if history_type == Entry.CREATED:
        return Action.RESTORED if has_before else Action.CREATED
    return Action.DELETED if history_type == Entry.DELETED else Action.CHANGED


class Entry(models.Model):
    """A record as one change left it; of a deletion, as it was last.

    ``sent`` names the restricted fields that were written by somebody who may not see them. They count as
    changed, equal or not. ``erased`` names those whose value had to be forgotten. ``transaction`` is the one
    that wrote it, see :mod:`heroesite.history.feed`.
    """

    CREATED, CHANGED, DELETED = "+", "~", "-"

    change_set = models.ForeignKey(
        ChangeSet, models.PROTECT, default=current_change_set, related_name="%(app_label)s_entries"
    )
    sent = models.JSONField(default=no_fields)
    erased = models.JSONField(default=no_fields)
    transaction = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


class History(HistoricalRecords):
    """django-simple-history's models and manager; the entries are written by ``Record`` itself, one by one
    or many at once, and in the statement's own transaction.

    Who did it stands on the change set. An entry is found by record and version, each of which is there
    once, or by its place in the feed of all changes.
    """

    def __init__(self) -> None:
        super().__init__(bases=[Entry], inherit=True, history_id_field=models.BigAutoField())

    def fields_included(self, model: Any) -> list[Any]:
        return [field for field in model._meta.fields if not isinstance(field, FoldedField)]

    _date_indexing = False

    def copy_fields(self, model: Any) -> dict[str, Any]:
        fields: dict[str, Any] = super().copy_fields(model)
        for field in fields.values():
            field.db_index = False
        return fields

    def get_meta_options(self, model: Any) -> dict[str, Any]:
        meta = model._meta
        once = models.UniqueConstraint(
            fields=["id", "version"], name=f"{meta.app_label}_{meta.model_name}_version_once"
        )
        names = {
            "verbose_name": _("history entry"),
            "verbose_name_plural": _("history entries"),
            "default_permissions": (),
            "app_label": meta.app_label,
        }
        told = models.Index(
            fields=["transaction", "history_id"], name=f"{meta.app_label}_{meta.model_name}_feed"
        )
        rules = {"constraints": [once], "indexes": [told], "ordering": ["-version"]}
        return {**super().get_meta_options(model), **names, **rules}

    def _get_history_user_fields(self) -> dict[str, Any]:
        return {}

    def _get_history_change_reason_field(self) -> None:
        return None

    def post_save(self, *args: Any, **kwargs: Any) -> None:
        return None

    post_delete = pre_delete = post_save


def note(kind: Any, records: Iterable[Any], what: str, sent: Iterable[str] = ()) -> None:
    """Write into the history of ``kind`` what became of ``records``.

    Args:
        what: ``Entry.CREATED``, ``Entry.CHANGED`` or ``Entry.DELETED``.
        sent: the restricted fields that were sent by somebody who may not see them.
    """
    records = list(records)
    if not records:
        return
    entry = kind.history.model
    fields = [field.attname for field in entry.tracked_fields]
    now, change_set, blind = timezone.now(), current_change_set(), sorted(sent)
    entries = [
        entry(
            history_date=now,
            history_type=what,
            change_set_id=change_set,
            sent=blind,
            transaction=THIS_TRANSACTION,
            **{name: getattr(record, name) for name in fields},
        )
        for record in records
    ]
    entry.objects.bulk_create(entries, batch_size=500)


def touched(kind: Any, before: Any, after: Any) -> set[str]:
    """The fields of ``kind`` that the change from entry ``before`` to entry ``after`` counts for.

    Args:
        before: none where ``after`` is the first.
    """
    if before is None:
        return set(kind.FIELDS)
    names = {name: kind.attname(name) for name in kind.FIELDS}
    differing = {name for name, at in names.items() if getattr(before, at) != getattr(after, at)}
    return differing | set(after.sent)
