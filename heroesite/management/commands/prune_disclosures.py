"""Delete old entries of the log of disclosures."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.translation import ngettext
from environs import EnvError

from heroesite.environment import integer
from heroesite.records.audit.disclosures import Disclosure


def days(text: str) -> int:
    try:
        return integer(1, 36500)(text)
    except EnvError as error:
        raise ArgumentTypeError(str(error)) from None


class Command(BaseCommand):
    help = "Delete disclosures that are older than a number of days."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days",
            type=days,
            default=settings.DISCLOSURE_DAYS,
            help="Delete disclosures older than this many days (default: DISCLOSURE_DAYS).",
        )

    def handle(self, *args: Any, days: int, **options: Any) -> None:
        count = Disclosure.objects.older_than(days).delete()[0]
        message = ngettext("Deleted %(count)d disclosure.", "Deleted %(count)d disclosures.", count)
        self.stdout.write(message % {"count": count})
