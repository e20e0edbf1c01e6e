"""Django's ``makemigrations``, which also writes the operations that records need."""

from django.core.management.commands import makemigrations

from heroesite.records.models.autodetector import RecordAutodetector


class Command(makemigrations.Command):
    autodetector = RecordAutodetector
