from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "heroesite.accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        import_module("heroesite.accounts.signals")  # registers its receivers
