"""Jobs that run once at a given time, however often they are scheduled."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django_tasks_db.models import DBTaskResult


def schedule(task: Any, when: datetime, *args: Any) -> None:
    """Enqueue ``task`` to run at ``when`` with ``args``, unless the same job has been enqueued.

    Args:
        args: values that can be written as JSON.
    """
    schedule_each(task, when, [args])


def schedule_each(task: Any, when: datetime, calls: Iterable[tuple[Any, ...]]) -> None:
    """Enqueue ``task`` to run at ``when`` once for each of ``calls``, as :func:`schedule` does.

    It costs no query if there are no calls, one if all jobs have been enqueued already, else two.
    """
    jobs = {job.pk: job for job in (job_for(task, when, args) for args in calls)}
    if jobs:
        enqueued = set(DBTaskResult.objects.filter(pk__in=jobs).values_list("pk", flat=True))
        missing = [job for pk, job in jobs.items() if pk not in enqueued]
        DBTaskResult.objects.bulk_create(missing, ignore_conflicts=True)


def job_for(task: Any, when: datetime, args: tuple[Any, ...]) -> DBTaskResult:
    """Return a job that isn't stored. Its id depends only on the task, the time and ``args``."""
    name = f"{task.module_path} {when.isoformat()} {json.dumps(args)}"
    return DBTaskResult(
        id=uuid5(NAMESPACE_URL, name),
        task_path=task.module_path,
        args_kwargs={"args": list(args), "kwargs": {}},
        run_after=when,
        queue_name=task.queue_name,
        backend_name=task.backend,
    )
