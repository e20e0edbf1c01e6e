"""Django's ``changepassword``, which revokes the user's API tokens too.

The command is in this app because Django takes the first of that name, and this app precedes Django's.
"""

import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from heroesite.api.models import ApiToken


class Command(changepassword.Command):
    help = _("Change a user's password and revoke their API tokens.")

    def handle(self, *args: Any, **options: Any) -> str:
        message = super().handle(*args, **options)
        user = User.objects.get(username=options["username"] or getpass.getuser())
        count = ApiToken.objects.revoke(user)
        revoked = ngettext("%(count)d API token revoked.", "%(count)d API tokens revoked.", count)
        return f"{message}\n{revoked % {'count': count}}"
