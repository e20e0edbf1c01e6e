from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    name = "heroesite.webhooks"
    verbose_name = _("Webhooks")

    def ready(self) -> None:
        """Connect the receivers of signals."""
        for module in ("deliveries", "erasing"):
            import_module(f"{self.name}.{module}")
