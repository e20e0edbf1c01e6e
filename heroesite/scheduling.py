"""Jobs that run at a certain time, once."""

import json
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django_tasks_db.models import DBTaskResult


def schedule(task: Any, when: datetime, *args: Any) -> None:
    """Have ``task`` run at ``when``: once, however many ask for it, since the id of the job is made of both.

    Args:
        args: what the task is called with.
    """
    name = f"{task.module_path} {when.isoformat()} {json.dumps(args)}"
    DBTaskResult.objects.get_or_create(
        id=uuid5(NAMESPACE_URL, name),
        defaults={
            "task_path": task.module_path,
            "args_kwargs": {"args": list(args), "kwargs": {}},
            "run_after": when,
            "queue_name": task.queue_name,
            "backend_name": task.backend,
        },
    )
