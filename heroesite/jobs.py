"""Jobs that run beside the requests, in a worker that ``manage.py serve`` starts.

A job is run at least once: again where its worker died with it. So it has to bear that, and to be done
within ``LONGEST``.
"""

from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from heroesite.api.models import IdempotencyKey
from heroesite.records.models import Disclosure

LONGEST = timedelta(hours=1)
"""A job that says it has been running for longer has lost its worker, whoever that was."""
ATTEMPTS = 3
"""How many workers may die with a job before it counts as failed."""
KEPT = timedelta(days=14)
"""How long it can be seen how a job ended."""


def sweep() -> dict[str, int]:
    """Remove what has been kept for long enough. Returns how many rows of each kind that were."""
    finished = DBTaskResult.objects.finished().filter(finished_at__lte=timezone.now() - KEPT)
    removed = {
        "idempotency keys": IdempotencyKey.objects.over(),
        "disclosures": Disclosure.objects.older_than(settings.DISCLOSURE_DAYS),
        "sessions": Session.objects.filter(expire_date__lte=timezone.now()),
        "finished jobs": finished,
    }
    return {kind: rows.delete()[0] for kind, rows in removed.items()}


@task()
def sweep_hourly() -> dict[str, int]:
    schedule_sweep(this_hour() + timedelta(hours=1))  # first, so that a failure does not end it for ever
    return_lost_jobs()
    return sweep()


def this_hour() -> datetime:
    return timezone.now().replace(minute=0, second=0, microsecond=0)


def schedule_sweep(hour: datetime) -> None:
    """Have a sweep in that hour: one, however many ask for it, since its id is made of the hour."""
    DBTaskResult.objects.get_or_create(
        id=uuid5(NAMESPACE_URL, f"{sweep_hourly.module_path} {hour.isoformat()}"),
        defaults={
            "task_path": sweep_hourly.module_path,
            "args_kwargs": {"args": [], "kwargs": {}},
            "run_after": hour,
            "queue_name": sweep_hourly.queue_name,
            "backend_name": sweep_hourly.backend,
        },
    )


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
