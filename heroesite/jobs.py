"""Jobs that run beside the requests, in a worker that ``manage.py serve`` starts.

A job is run at least once: again where its worker died with it. So it has to bear that, and to be done
within ``LONGEST``.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Q
from django.utils import timezone
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from heroesite.api.models import IdempotencyKey
from heroesite.records.audit.disclosures import Disclosure
from heroesite.scheduling import schedule
from heroesite.webhooks.deliveries import deliver, schedule_deliveries
from heroesite.webhooks.models import Delivery

LONGEST = timedelta(hours=1)
"""A job that says it has been running for longer has lost its worker, whoever that was."""
ATTEMPTS = 3
"""How many workers may die with a job before it counts as failed."""
KEPT = timedelta(days=14)
"""How long it can be seen how a job ended, or what a webhook was told."""


def sweep() -> dict[str, int]:
    """Remove what has been kept for long enough. Returns how many rows of each kind that were."""
    finished, now = DBTaskResult.objects.finished(), timezone.now()
    frequent = Q(task_path=deliver.module_path, status=TaskResultStatus.SUCCESSFUL)
    old = Q(finished_at__lte=now - KEPT) | frequent & Q(finished_at__lte=now - LONGEST)
    removed = {
        "idempotency keys": IdempotencyKey.objects.over(),
        "disclosures": Disclosure.objects.older_than(settings.DISCLOSURE_DAYS),
        "sessions": Session.objects.filter(expire_date__lte=now),
        "finished jobs": finished.filter(old),
        "deliveries": Delivery.objects.filter(at__lte=now - KEPT),
    }
    return {kind: rows.delete()[0] for kind, rows in removed.items()}


@task()
def sweep_hourly() -> dict[str, int]:
    schedule(sweep_hourly, this_hour() + timedelta(hours=1))  # first: a failure does not end it for ever
    return_lost_jobs()
    schedule_deliveries()  # what a crash kept from being asked for
    return sweep()


def this_hour() -> datetime:
    return timezone.now().replace(minute=0, second=0, microsecond=0)


def return_lost_jobs(worker: str | None = None) -> None:
    """Put jobs whose worker is gone back into the queue.

    Args:
        worker: one that has ended, as its starter knows. Without it, the jobs that have been running for
            longer than any may are taken back, whoever ran them: of a machine that lost its power, say.
    """
    running = DBTaskResult.objects.running()
    if worker is None:
        running = running.filter(started_at__lte=timezone.now() - LONGEST)
    for job in running:
        if worker in (None, *job.worker_ids[-1:]):
            # Only as it was seen: it may have ended, or been taken back, in the meantime.
            seen = DBTaskResult.objects.running().filter(pk=job.pk, started_at=job.started_at)
            if len(job.worker_ids) < ATTEMPTS:
                seen.update(status=TaskResultStatus.READY, started_at=None)
            else:
                seen.update(status=TaskResultStatus.FAILED, finished_at=timezone.now())
