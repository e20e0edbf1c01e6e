"""Create an API token from the command line."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from heroesite.accounts.models import FoldedUsername
from heroesite.api.models import DEFAULT_DAYS, MAX_DAYS, ApiToken


class Command(BaseCommand):
    help = _("Create an API token for a user and print only the token. It can't be shown again.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help=_("The user that the token belongs to."))
        parser.add_argument("--read-only", action="store_true", help=_("Create a token that can't write."))
        parser.add_argument(
            "--days",
            type=int,
            default=DEFAULT_DAYS,
            help=_("Let the token expire after this many days (default: %(default)s)."),
        )

    def handle(self, *args: Any, username: str, read_only: bool, days: int, **options: Any) -> None:
        if not 1 <= days <= MAX_DAYS:
            raise CommandError(_("--days must be from 1 to %(max)d.") % {"max": MAX_DAYS})
        user = FoldedUsername.objects.find_user(username)
        if user is None:
            message = _("There is no user named %(name)s. Administrators can add users at /admin/.")
            raise CommandError(message % {"name": username})
        if not user.is_active:
            message = _("User %(name)s is inactive. Administrators can activate users at /admin/.")
            raise CommandError(message % {"name": user.username})
        _token, text = ApiToken.objects.issue(user, name="issue_token", read_only=read_only, days=days)
        self.stdout.write(text)
