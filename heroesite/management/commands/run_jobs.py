"""Runs the jobs in the queue: the job worker that ``serve`` starts."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from heroesite.database.outages import outage_of
from heroesite.jobs import requeue_lost_jobs
from heroesite.lifeline import end_with_supervisor


class Command(BaseCommand):
    help = "Run the jobs in the queue when they are due. `serve` starts this command."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--worker-id", required=True, help="A unique ID for this worker.")
        parser.add_argument(
            "--dead-workers",
            nargs="+",
            default=[],
            metavar="ID",
            help="IDs of workers that have died. Their unfinished jobs are queued again.",
        )

    def handle(self, *args: Any, worker_id: str, dead_workers: list[str], **options: Any) -> None:
        end_with_supervisor()
        try:
            for dead in dead_workers:
                requeue_lost_jobs(dead)
            call_command("db_worker", reload=False, worker_id=worker_id)
        except DatabaseError as error:
            outage = outage_of(error)
            if outage is None:
                raise
            raise CommandError(f"The database failed: {outage.reason}") from error
