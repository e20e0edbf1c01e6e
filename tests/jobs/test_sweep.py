"""What was kept for long enough is removed; what lost its worker is run again."""

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from heroesite.api.models import IdempotencyKey
from heroesite.jobs import (
    ATTEMPTS,
    KEPT,
    LONGEST,
    return_lost_jobs,
    sweep,
    sweep_hourly,
    this_hour,
)
from heroesite.records.audit.disclosures import Disclosure
from heroesite.scheduling import schedule
from heroesite.webhooks.models import Delivery, Webhook
from tests.threads import at_once

pytestmark = pytest.mark.django_db

OLD = {
    "idempotency keys": (IdempotencyKey, "at", timedelta(hours=24)),
    "disclosures": (Disclosure, "at", timedelta(days=365)),
    "sessions": (Session, "expire_date", timedelta()),
    "finished jobs": (DBTaskResult, "finished_at", KEPT),
    "deliveries": (Delivery, "at", KEPT),
}


def kept_since(kind, moment, user):
    """Make a row of that kind and age."""
    if kind == "idempotency keys":
        IdempotencyKey.objects.create(user=user, key=str(moment), leased_until=moment, at=moment)
    elif kind == "disclosures":
        Disclosure.objects.create(user=user, username="x", door="api", kind="x", field="x", ids=[], at=moment)
    elif kind == "sessions":
        Session.objects.create(session_key=str(moment)[-32:], expire_date=moment)
    elif kind == "deliveries":
        Webhook.objects.create(url="https://hooks.example.org").deliveries.create(at=moment)
    else:
        job(status="SUCCESSFUL", finished_at=moment)


def job(**values):
    return DBTaskResult.objects.create(
        **{
            "task_path": sweep_hourly.module_path,
            "args_kwargs": {"args": [], "kwargs": {}},
            "run_after": timezone.now(),
            "backend_name": "default",
            **values,
        }
    )


@pytest.mark.parametrize("kind", OLD)
def test_what_is_too_old_is_removed_and_nothing_else(kind, reader, capsys):
    model, _field, age = OLD[kind]
    model.objects.all().delete()
    moment = timezone.now() - age
    kept_since(kind, moment - timedelta(seconds=1), reader)
    kept_since(kind, moment + timedelta(minutes=1), reader)
    call_command("sweep")
    assert capsys.readouterr().out.splitlines() == [f"{name}: {int(name == kind)}" for name in OLD]
    assert model.objects.count() == 1
    assert sweep() == dict.fromkeys(OLD, 0)


def test_how_long_can_be_set(reader, settings):
    settings.IDEMPOTENCY_HOURS, settings.DISCLOSURE_DAYS = 1, 2
    kept_since("idempotency keys", timezone.now() - timedelta(hours=2), reader)
    kept_since("disclosures", timezone.now() - timedelta(days=3), reader)
    assert list(sweep().values())[:2] == [1, 1]


def test_disclosures_are_removed_by_a_command(reader, capsys):
    for days in (1, 3, 4):
        kept_since("disclosures", timezone.now() - timedelta(days=days), reader)
    call_command("prune_disclosures", "--days", "2")
    assert capsys.readouterr().out == "2 disclosures were removed.\n"
    call_command("prune_disclosures")
    assert Disclosure.objects.count() == 1


@pytest.mark.parametrize("days", ["0", "-1", "x", "99999"])
def test_a_number_of_days_that_cannot_be_used_is_told(days):
    with pytest.raises(CommandError, match="is not a whole number from 1 to 36500"):
        call_command("prune_disclosures", "--days", days)


def test_the_hourly_job_asks_for_the_next_and_returns_what_is_lost():
    schedule(sweep_hourly, this_hour())
    lost = job(status="RUNNING", started_at=timezone.now() - LONGEST, worker_ids=["gone"])
    sweep_hourly.call()
    sweep_hourly.call()
    waiting = DBTaskResult.objects.exclude(pk=lost.pk).order_by("run_after")
    hours = [waits.run_after for waits in waiting]
    assert hours == [this_hour(), this_hour() + timedelta(hours=1)]
    lost.refresh_from_db()
    assert lost.status == "READY"


def test_jobs_of_a_worker_that_ended_are_returned_and_no_others():
    now = timezone.now()
    lost = job(status="RUNNING", started_at=now, worker_ids=["other", "gone"])
    anothers = job(status="RUNNING", started_at=now, worker_ids=["gone", "other"])
    ended = job(status="SUCCESSFUL", started_at=now, worker_ids=["gone"])
    return_lost_jobs("gone")
    states = {row.pk: row.status for row in DBTaskResult.objects.all()}
    assert states == {lost.pk: "READY", anothers.pk: "RUNNING", ended.pk: "SUCCESSFUL"}


def test_a_job_that_its_workers_die_of_has_failed():
    job(status="RUNNING", started_at=timezone.now(), worker_ids=["gone"] * ATTEMPTS)
    return_lost_jobs("gone")
    assert DBTaskResult.objects.get().status == "FAILED"


def test_a_job_that_runs_is_left_alone():
    job(status="RUNNING", started_at=timezone.now() - LONGEST / 2, worker_ids=["busy"])
    return_lost_jobs()
    assert DBTaskResult.objects.get().status == "RUNNING"


@pytest.mark.django_db(transaction=True)
def test_however_many_ask_for_a_sweep_there_is_one(groups_come_back):
    at_once(*[partial(schedule, sweep_hourly, this_hour())] * 8)
    assert DBTaskResult.objects.count() == 1


def test_staff_see_jobs_and_change_none(administrator_browser):
    row = job()
    address = "/admin/django_tasks_database/dbtaskresult/"
    assert "sweep_hourly" in administrator_browser.get(address).content.decode()
    assert administrator_browser.get(f"{address}{row.pk}/change/").status_code == 200
    assert administrator_browser.post(f"{address}{row.pk}/change/", {}).status_code == 403
    for unknown in ("x", "1", "\x00"):
        assert administrator_browser.get(f"{address}{unknown}/change/").status_code in (302, 400, 404)
