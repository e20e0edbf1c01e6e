"""Removes now what the hourly job would: idempotency keys, disclosures, sessions and job results of old."""

from typing import Any

from django.core.management.base import BaseCommand

from heroesite.jobs import sweep


class Command(BaseCommand):
    help = "Remove idempotency keys, disclosures, sessions and finished jobs that were kept for long enough."

    def handle(self, *args: Any, **options: Any) -> None:
        for kind, count in sweep().items():
            self.stdout.write(f"{kind}: {count}")
