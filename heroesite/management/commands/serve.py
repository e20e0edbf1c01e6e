"""Prepares the database, then serves the site with gunicorn and runs its jobs: ``make run`` runs this."""

import os
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from heroesite.changelog.feed import renumber_restored
from heroesite.database.files import make_private
from heroesite.database.lock import file_lock, preparation_lock
from heroesite.jobs import start_of_hour, sweep_hourly
from heroesite.scheduling import schedule
from heroesite.supervisor import supervise


@contextmanager
def command_errors(message: str) -> Iterator[None]:
    """Report errors of the database in the block as a ``CommandError``, whose reason is their first line."""
    try:
        yield
    except (DatabaseError, ImproperlyConfigured, OSError) as error:
        raise CommandError(message % {"reason": str(error).strip().partition("\n")[0]}) from None


class Command(BaseCommand):
    help = (
        "Migrate the database, serve the site and run its jobs. In development, the first run also loads"
        " the sample roster and creates an administrator."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.check_port()
        administrator = self.administrator()
        with command_errors(_("Can't use the database (%(reason)s). Start it, or fix DATABASE_URL.")):
            self.prepare_database(administrator)
        if settings.PRODUCTION:
            self.collect_static_files()
        self.check_port()  # again, since waiting for another server may have taken a while
        self.print_addresses()
        sys.stdout.flush()
        connection.close()
        sys.exit(supervise())

    def check_port(self) -> None:
        """Check that gunicorn can listen.

        Raises:
            CommandError: it won't.
        """
        family = socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.HOST, settings.PORT))
            except OSError as error:
                message = _(
                    "Can't listen on %(address)s:%(port)d: %(reason)s."
                    " Choose another port, for example: PORT=8001 make run"
                )
                reason = str(error.strerror)
                where = {"address": settings.ADDRESS, "port": settings.PORT}
                raise CommandError(message % {**where, "reason": reason[:1].lower() + reason[1:]}) from None

    def administrator(self) -> Any:
        """Return the first administrator, unsaved, as ``DJANGO_SUPERUSER_…`` describes them.

        Raises:
            CommandError: a value is invalid.
        """
        user = get_user_model()(
            username=os.environ.get("DJANGO_SUPERUSER_USERNAME") or "admin",
            email=os.environ.get("DJANGO_SUPERUSER_EMAIL", ""),
            is_staff=True,
            is_superuser=True,
        )
        try:
            user.clean_fields(exclude=["password"])
        except ValidationError as error:
            name, messages = next(iter(error.message_dict.items()))
            message = _("DJANGO_SUPERUSER_%(name)s is invalid. %(errors)s")
            raise CommandError(message % {"name": name.upper(), "errors": " ".join(messages)}) from None
        return user

    def prepare_database(self, administrator: Any) -> None:
        """Migrate the database, and load sample records on the first run in development.

        If several servers start at once, one does this and the others wait.
        """
        if connection.vendor == "sqlite":
            for message in make_private(Path(connection.settings_dict["NAME"])):
                self.stdout.write(message)
        with preparation_lock(self.print_waiting):
            connection.ensure_connection()
            with command_errors(_("Can't prepare the database (%(reason)s). Fix this, then start again.")):
                call_command("migrate", interactive=False, verbosity=0)
                call_command("createcachetable", verbosity=0)
                renumber_restored()
                # Without users this is the first run, or the first was interrupted.
                if not settings.PRODUCTION and not get_user_model().objects.exists():
                    self.fill_database(administrator)
                schedule(sweep_hourly, start_of_hour())

    def fill_database(self, administrator: Any) -> None:
        """Load the sample roster and save the administrator; a password that wasn't chosen is printed."""
        chosen = os.environ.get("DJANGO_SUPERUSER_PASSWORD")
        password = chosen or secrets.token_urlsafe(12)
        administrator.set_password(password)
        with transaction.atomic():
            call_command("load_sample_roster")
            administrator.save()
        self.print_line(_("Administrator"), administrator.username)
        if not chosen:
            self.print_line(_("Password"), f"{password}   ({_('shown only once')})")

    def collect_static_files(self) -> None:
        """Collect static files, hashed and compressed, if any has changed, since that takes a while."""
        sources = sorted(
            (path, storage.size(path), str(storage.get_modified_time(path)))
            for finder in get_finders()
            for path, storage in finder.list([])
        )
        digest = sha256(repr(sources).encode()).hexdigest()
        folder = Path(staticfiles_storage.path(""))
        collected = folder / "sources.sha256"  # deleted with the folder
        folder.parent.mkdir(exist_ok=True)
        with file_lock(folder):
            if not collected.exists() or collected.read_text() != digest:
                call_command("collectstatic", interactive=False, verbosity=0)
                collected.write_text(digest)

    def print_waiting(self) -> None:
        self.stdout.write(_("Waiting for another server, which is preparing the database."))
        self.stdout.flush()

    def print_addresses(self) -> None:
        site = f"http://{settings.ADDRESS}:{settings.PORT}"
        if settings.PRODUCTION:
            self.print_line(_("Listening"), site)  # for the proxy; people use another address
            return
        for name, path in {
            _("Pages"): reverse("home"),
            _("Admin"): reverse("admin:index"),
            _("API"): reverse("api:api-root"),
            _("Docs"): reverse("swagger"),
        }.items():
            self.print_line(name, site + path)

    def print_line(self, name: str, text: str) -> None:
        self.stdout.write(f"{name + ':':<14} {text}")
