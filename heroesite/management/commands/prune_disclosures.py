"""Removes what says who was shown restricted values, beyond a number of days."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.translation import ngettext
from environs import EnvError

from heroesite.environment import whole_number
from heroesite.records.audit.disclosures import Disclosure


def days(text: str) -> int:
    try:
        return whole_number(1, 36500)(text)
    except EnvError as error:
        raise ArgumentTypeError(str(error)) from None


class Command(BaseCommand):
    help = "Remove disclosures that are older than a number of days."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days",
            type=days,
            default=settings.DISCLOSURE_DAYS,
            help="Keep those of the last DAYS days; DISCLOSURE_DAYS unless said.",
        )

    def handle(self, *args: Any, days: int, **options: Any) -> None:
        count = Disclosure.objects.older_than(days).delete()[0]
        words = ngettext("%(count)d disclosure was removed.", "%(count)d disclosures were removed.", count)
        self.stdout.write(words % {"count": count})
