"""Makes an API token from the command line."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from heroesite.accounts.models import FoldedUsername
from heroesite.api.models import DAYS, MOST_DAYS, ApiToken


class Command(BaseCommand):
    help = _("Make an API token for a user and print it, alone. It cannot be shown again.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        reading = _("a token that reads and never writes")
        parser.add_argument("--read-only", action="store_true", help=reading)
        holding = _("how long it holds (default: %(default)s)")
        parser.add_argument("--days", type=int, default=DAYS, help=holding)

    def handle(self, *args: Any, username: str, read_only: bool, days: int, **options: Any) -> None:
        if not 1 <= days <= MOST_DAYS:
            raise CommandError(_("--days is a whole number from 1 to %(most)d.") % {"most": MOST_DAYS})
        user = FoldedUsername.objects.find_user(username)
        if user is None:
            words = _("There is no user “%(name)s”. Staff add people under /admin/.")
            raise CommandError(words % {"name": username})
        if not user.is_active:
            words = _("User “%(name)s” is not active. Staff can activate people under /admin/.")
            raise CommandError(words % {"name": username})
        _token, text = ApiToken.objects.issue(user, name="issue_token", read_only=read_only, days=days)
        self.stdout.write(text)
