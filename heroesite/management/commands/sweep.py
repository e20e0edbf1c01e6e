"""Deletes expired rows now, as the hourly job does."""

from typing import Any

from django.core.management.base import BaseCommand

from heroesite.jobs import sweep


class Command(BaseCommand):
    help = "Delete expired idempotency keys, disclosures and sessions, finished jobs and old deliveries."

    def handle(self, *args: Any, **options: Any) -> None:
        for name, count in sweep().items():
            self.stdout.write(f"{name}: {count}")
