"""Django's ``migrate``, which compares models as our makemigrations does."""

from django.core.management.commands import migrate

from heroesite.records.models.autodetector import RecordAutodetector


class Command(migrate.Command):
    autodetector = RecordAutodetector
