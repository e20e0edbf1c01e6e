from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class RecordsConfig(AppConfig):
    name = "heroesite.records"
    verbose_name = _("Records")

    def ready(self) -> None:
        """Import each app's ``record_type`` module, as the admin imports its ``admin`` modules."""
        import_module("heroesite.records.checks")
        autodiscover_modules("record_type")
        import_module("heroesite.records.registry").register_admin()
