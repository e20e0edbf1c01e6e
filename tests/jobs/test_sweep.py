"""Expired rows are deleted. Jobs that have lost their worker run again."""

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from heroesite.api.models import IdempotencyKey
from heroesite.jobs import (
    MAX_ATTEMPTS,
    MAX_RUNTIME,
    RETENTION,
    requeue_lost_jobs,
    start_of_hour,
    sweep,
    sweep_hourly,
)
from heroesite.records.audit.disclosures import Disclosure
from heroesite.scheduling import schedule
from heroesite.webhooks.models import Delivery, Webhook
from tests.threads import in_parallel

pytestmark = pytest.mark.django_db

EXPIRING = {
    "idempotency keys": (IdempotencyKey, "at", timedelta(hours=24)),
    "disclosures": (Disclosure, "at", timedelta(days=365)),
    "sessions": (Session, "expire_date", timedelta()),
    "finished jobs": (DBTaskResult, "finished_at", RETENTION),
    "deliveries": (Delivery, "at", RETENTION),
}


def create_row(name, moment, user):
    """Create a row that expires, by its name in ``EXPIRING``, with the given time."""
    if name == "idempotency keys":
        IdempotencyKey.objects.create(user=user, key=str(moment), leased_until=moment, at=moment)
    elif name == "disclosures":
        Disclosure.objects.create(
            user=user, username="x", source="api", kind="x", field="x", ids=[], at=moment
        )
    elif name == "sessions":
        Session.objects.create(session_key=str(moment)[-32:], expire_date=moment)
    elif name == "deliveries":
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


@pytest.mark.parametrize("name", EXPIRING)
def test_expired_rows_are_deleted_and_no_others(name, reader, capsys):
    model, _field, age = EXPIRING[name]
    model.objects.all().delete()
    moment = timezone.now() - age
    create_row(name, moment - timedelta(seconds=1), reader)
    create_row(name, moment + timedelta(minutes=1), reader)
    call_command("sweep")
    assert capsys.readouterr().out.splitlines() == [f"{other}: {int(other == name)}" for other in EXPIRING]
    assert model.objects.count() == 1
    assert sweep() == dict.fromkeys(EXPIRING, 0)


def test_retention_can_be_configured(reader, settings):
    settings.IDEMPOTENCY_HOURS, settings.DISCLOSURE_DAYS = 1, 2
    create_row("idempotency keys", timezone.now() - timedelta(hours=2), reader)
    create_row("disclosures", timezone.now() - timedelta(days=3), reader)
    assert list(sweep().values())[:2] == [1, 1]


def test_a_command_deletes_old_disclosures(reader, capsys):
    for days in (1, 3, 4):
        create_row("disclosures", timezone.now() - timedelta(days=days), reader)
    call_command("prune_disclosures", "--days", "2")
    assert capsys.readouterr().out == "Deleted 2 disclosures.\n"
    call_command("prune_disclosures")
    assert Disclosure.objects.count() == 1


@pytest.mark.parametrize("days", ["0", "-1", "x", "99999"])
def test_an_invalid_number_of_days_is_an_error(days):
    with pytest.raises(CommandError, match="a whole number from 1 to 36500"):
        call_command("prune_disclosures", "--days", days)


def test_the_hourly_job_schedules_the_next_one_and_requeues_lost_jobs():
    schedule(sweep_hourly, start_of_hour())
    lost = job(status="RUNNING", started_at=timezone.now() - MAX_RUNTIME, worker_ids=["gone"])
    sweep_hourly.call()
    sweep_hourly.call()
    scheduled = DBTaskResult.objects.exclude(pk=lost.pk).order_by("run_after")
    hours = [row.run_after for row in scheduled]
    assert hours == [start_of_hour(), start_of_hour() + timedelta(hours=1)]
    lost.refresh_from_db()
    assert lost.status == "READY"


def test_jobs_of_a_worker_that_has_ended_are_requeued_and_no_others():
    now = timezone.now()
    lost = job(status="RUNNING", started_at=now, worker_ids=["other", "gone"])
    running = job(status="RUNNING", started_at=now, worker_ids=["gone", "other"])
    finished = job(status="SUCCESSFUL", started_at=now, worker_ids=["gone"])
    requeue_lost_jobs("gone")
    states = {row.pk: row.status for row in DBTaskResult.objects.all()}
    assert states == {lost.pk: "READY", running.pk: "RUNNING", finished.pk: "SUCCESSFUL"}


def test_a_job_whose_workers_die_repeatedly_fails():
    job(status="RUNNING", started_at=timezone.now(), worker_ids=["gone"] * MAX_ATTEMPTS)
    requeue_lost_jobs("gone")
    assert DBTaskResult.objects.get().status == "FAILED"


def test_a_running_job_is_not_requeued():
    job(status="RUNNING", started_at=timezone.now() - MAX_RUNTIME / 2, worker_ids=["busy"])
    requeue_lost_jobs()
    assert DBTaskResult.objects.get().status == "RUNNING"


@pytest.mark.django_db(transaction=True)
def test_one_sweep_is_scheduled_however_many_processes_request_it(restore_groups):
    in_parallel(*[partial(schedule, sweep_hourly, start_of_hour())] * 8)
    assert DBTaskResult.objects.count() == 1


def test_staff_can_view_jobs_but_not_change_them(administrator_browser):
    row = job()
    address = "/admin/django_tasks_database/dbtaskresult/"
    assert "sweep_hourly" in administrator_browser.get(address).content.decode()
    assert administrator_browser.get(f"{address}{row.pk}/change/").status_code == 200
    assert administrator_browser.post(f"{address}{row.pk}/change/", {}).status_code == 403
    for unknown in ("x", "1", "\x00"):
        assert administrator_browser.get(f"{address}{unknown}/change/").status_code in (302, 400, 404)
