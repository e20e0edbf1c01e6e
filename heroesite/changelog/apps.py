from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChangelogConfig(AppConfig):
    name = "heroesite.changelog"
    label = "history"
    verbose_name = _("History")
