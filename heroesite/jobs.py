"""Background jobs, which the worker that ``manage.py serve`` starts runs beside the requests.

A job runs at least once: if its worker dies, it runs again. So it must be safe to repeat, and must finish
within ``MAX_RUNTIME``.
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

MAX_RUNTIME = timedelta(hours=1)
"""A job that has been running for longer has lost its worker."""
MAX_ATTEMPTS = 3
"""How many workers may die with a job before it counts as failed."""
RETENTION = timedelta(days=14)
"""How long finished jobs and webhook deliveries are kept."""


def sweep() -> dict[str, int]:
    """Delete expired rows.

    Returns:
        the number of deleted rows, by a plural name for them.
    """
    finished, now = DBTaskResult.objects.finished(), timezone.now()
    frequent = Q(task_path=deliver.module_path, status=TaskResultStatus.SUCCESSFUL)
    old = Q(finished_at__lte=now - RETENTION) | frequent & Q(finished_at__lte=now - MAX_RUNTIME)
    expired = {
        "idempotency keys": IdempotencyKey.objects.over(),
        "disclosures": Disclosure.objects.older_than(settings.DISCLOSURE_DAYS),
        "sessions": Session.objects.filter(expire_date__lte=now),
        "finished jobs": finished.filter(old),
        "deliveries": Delivery.objects.filter(at__lte=now - RETENTION),
    }
    return {name: rows.delete()[0] for name, rows in expired.items()}


@task()
def sweep_hourly() -> dict[str, int]:
    """Delete expired rows, and resume jobs and deliveries that a crash has interrupted."""
    # First, so that the next sweep happens even if this one fails.
    schedule(sweep_hourly, start_of_hour() + timedelta(hours=1))
    requeue_lost_jobs()
    schedule_deliveries()
    return sweep()


def start_of_hour() -> datetime:
    return timezone.now().replace(minute=0, second=0, microsecond=0)


def requeue_lost_jobs(worker_id: str | None = None) -> None:
    """Put jobs whose worker has ended back into the queue.

    Args:
        worker_id: a worker that has ended. Without it, all jobs that have been running for longer than
            ``MAX_RUNTIME``: of a machine that lost power, for example.
    """
    running = DBTaskResult.objects.running()
    if worker_id is None:
        running = running.filter(started_at__lte=timezone.now() - MAX_RUNTIME)
    for job in running:
        if worker_id in (None, *job.worker_ids[-1:]):
            # Only if it is unchanged: it may have finished, or have been requeued and started again.
            unchanged = DBTaskResult.objects.running().filter(pk=job.pk, started_at=job.started_at)
            if len(job.worker_ids) < MAX_ATTEMPTS:
                unchanged.update(status=TaskResultStatus.READY, started_at=None)
            else:
                unchanged.update(status=TaskResultStatus.FAILED, finished_at=timezone.now())
