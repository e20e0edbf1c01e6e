"""Runs the jobs in the queue: the worker that ``serve`` starts."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from heroesite.jobs import return_lost_jobs


class Command(BaseCommand):
    help = "Run the jobs in the queue as they fall due, first those with which other workers have died."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--worker-id", required=True, help="A name for this worker, never used before.")
        parser.add_argument("--instead-of", nargs="+", default=[], help="The names of those that have died.")

    def handle(self, *args: Any, worker_id: str, instead_of: list[str], **options: Any) -> None:
        for dead in instead_of:
            return_lost_jobs(dead)
        call_command("db_worker", reload=False, worker_id=worker_id)
