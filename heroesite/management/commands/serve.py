"""Prepares the database, serves the site with gunicorn and runs its jobs: what ``make run`` runs."""

import os
import secrets
import socket
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
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
from heroesite.jobs import start_of_hour, sweep_hourly
from heroesite.scheduling import schedule
from heroesite.supervisor import supervise


class Command(BaseCommand):
    help = "Migrate, on a laptop's first run fill the register and make its administrator, and serve."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.check_port()
        administrator = self.administrator()
        self.prepare_database()
        if settings.PRODUCTION:
            self.collect_static_files()
        elif not get_user_model().objects.exists():
            # Nobody is there: this is the first run, or the first was broken off. All or nothing.
            with transaction.atomic():
                call_command("load_sample_roster")
                self.admit(administrator)
        schedule(sweep_hourly, start_of_hour())
        self.tell_addresses()
        sys.stdout.flush()
        connection.close()
        sys.exit(supervise())

    def check_port(self) -> None:
        family = socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.HOST, settings.PORT))
            except OSError as error:
                words = _(
                    "%(address)s:%(port)d cannot be served from (%(reason)s);"
                    " choose another port: PORT=8001 make run"
                )
                place = {"address": settings.ADDRESS, "port": settings.PORT}
                raise CommandError(words % {**place, "reason": error.strerror}) from None

    def prepare_database(self) -> None:
        """Bring the schema up to date."""
        try:
            self.reach_database()
            call_command("migrate", interactive=False, verbosity=0)
            call_command("createcachetable", verbosity=0)
            renumber_restored()
        except (DatabaseError, ImproperlyConfigured, OSError) as error:
            reason = str(error).strip().partition("\n")[0]
            words = _("The database cannot be used (%(reason)s); mend DATABASE_URL.")
            raise CommandError(words % {"reason": reason}) from None

    def reach_database(self) -> None:
        """Make a first connection: to PostgreSQL not through the pool, which would keep on trying."""
        if connection.vendor == "sqlite":
            Path(connection.settings_dict["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        else:
            parameters = connection.get_connection_params()
            parameters.pop("pool", None)
            with connection.wrap_database_errors:
                psycopg.connect(**parameters).close()

    def administrator(self) -> Any:
        """The first administrator, as ``DJANGO_SUPERUSER_…`` say, not yet stored."""
        user = get_user_model()(
            username=os.environ.get("DJANGO_SUPERUSER_USERNAME") or "admin",
            email=os.environ.get("DJANGO_SUPERUSER_EMAIL", ""),
            is_staff=True,
            is_superuser=True,
        )
        try:
            user.clean_fields(exclude=["password"])
        except ValidationError as error:
            faults = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items())
            words = _("DJANGO_SUPERUSER_… cannot be used: %(faults)s")
            raise CommandError(words % {"faults": faults}) from None
        return user

    def admit(self, administrator: Any) -> None:
        """Store the administrator, with a password that is random and told once where none is given."""
        given = os.environ.get("DJANGO_SUPERUSER_PASSWORD")
        password = given or secrets.token_urlsafe(12)
        administrator.set_password(password)
        administrator.save()
        self.tell(_("Administrator"), administrator.username)
        if not given:
            self.tell(_("Password"), f"{password}   ({_('shown this once')})")

    def collect_static_files(self) -> None:
        """Put what browsers fetch into one folder, hashed and compressed: only where anything is new, since
        it takes a while."""
        listed = sorted(
            (path, storage.size(path), str(storage.get_modified_time(path)))
            for finder in get_finders()
            for path, storage in finder.list([])
        )
        digest = sha256(repr(listed).encode()).hexdigest()
        collected = Path(staticfiles_storage.path("sources.sha256"))  # goes where the folder goes
        if not collected.exists() or collected.read_text() != digest:
            call_command("collectstatic", interactive=False, verbosity=0)
            collected.write_text(digest)

    def tell_addresses(self) -> None:
        site = f"http://{settings.ADDRESS}:{settings.PORT}"
        if settings.PRODUCTION:
            self.tell(_("Listening"), site)  # for the proxy; people come by another address
            return
        for name, path in {
            _("Pages"): reverse("home"),
            _("Admin"): reverse("admin:index"),
            _("API"): reverse("api:api-root"),
            _("Docs"): reverse("swagger"),
        }.items():
            self.tell(name, site + path)

    def tell(self, name: str, text: str) -> None:
        self.stdout.write(f"{name + ':':<14} {text}")
