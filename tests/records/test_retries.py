"""A write is run again after a conflict with another one, and after nothing else."""

from time import monotonic

import psycopg.errors
import pytest
from django.db import DatabaseError, IntegrityError, connection

from heroes.models import Hero
from heroesite.records.retries import ATTEMPTS, is_conflict, retry_on_conflict
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.threads import in_parallel

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]


class Write:
    """A write that counts its runs and fails in the first of them.

    Args:
        failures: in how many runs it fails.
    """

    def __init__(self, fail, failures):
        self.fail, self.failures, self.runs = fail, failures, 0

    def __call__(self):
        self.runs += 1
        if self.runs <= self.failures:
            self.fail()
        return self.runs


def take_a_taken_name():
    TeamFactory(name="Night Watch")
    TeamFactory(name="NIGHT WATCH")


def take_a_taken_id():
    pk = TeamFactory().pk
    Team.objects.unrecorded().create(pk=pk, name="Other", name_key="other", headquarters="Here")


def join_a_missing_team():
    HeroFactory(team_id=999_999)


def break_a_rule():
    Team.objects.unrecorded().filter(pk=TeamFactory().pk).update(version=0)


@pytest.mark.parametrize("fail", [take_a_taken_name, take_a_taken_id, join_a_missing_team])
def test_a_conflict_is_retried(fail):
    write = Write(fail, failures=2)
    assert retry_on_conflict(write)() == 3
    assert not Team.objects.exists()
    assert not Hero.objects.exists()


def test_another_error_of_the_database_is_not_retried():
    write = Write(break_a_rule, failures=2)
    with pytest.raises(IntegrityError):
        retry_on_conflict(write)()
    assert write.runs == 1


def test_a_conflict_that_stays_is_raised_after_pauses():
    write = Write(take_a_taken_name, failures=1_000)
    start = monotonic()
    with pytest.raises(IntegrityError):
        retry_on_conflict(write)()
    assert write.runs == ATTEMPTS
    assert monotonic() - start > 0.1


def test_a_retry_within_a_retry_runs_once():
    write = Write(take_a_taken_name, failures=1_000)
    outer = retry_on_conflict(lambda: retry_on_conflict(write)())
    with pytest.raises(IntegrityError):
        outer()
    assert write.runs == ATTEMPTS


def test_a_retry_after_another_one_is_not_within_it():
    for write in (Write(take_a_taken_name, failures=2), Write(take_a_taken_name, failures=2)):
        assert retry_on_conflict(write)() == 3


def test_others_write_during_a_pause():
    """No lock is held during a pause, so that the other transaction can finish."""
    write = Write(take_a_taken_name, failures=5)
    retried, created = in_parallel(retry_on_conflict(write), lambda: TeamFactory(name="Day Watch"))
    assert (retried, created.name) == (6, "Day Watch")
    assert not connection.in_atomic_block


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (psycopg.errors.UniqueViolation(), True),
        (psycopg.errors.ForeignKeyViolation(), True),
        (psycopg.errors.DeadlockDetected(), True),
        (psycopg.errors.SerializationFailure(), True),
        (psycopg.errors.CheckViolation(), False),
        (psycopg.errors.NotNullViolation(), False),
        (psycopg.errors.LockNotAvailable(), False),
        (psycopg.errors.AdminShutdown(), False),
        (None, False),
    ],
)
def test_what_postgresql_reports_as_a_conflict(cause, expected):
    error = DatabaseError()
    error.__cause__ = cause
    assert is_conflict(error) == expected
