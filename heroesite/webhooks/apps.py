from typing import Any

from django.apps import AppConfig
from django.db import transaction
from django.db.models.signals import post_save
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    name = "heroesite.webhooks"
    verbose_name = _("Webhooks")

    def ready(self) -> None:
        from heroesite.records.changes import ChangeSet  # noqa: PLC0415

        from .deliveries import deliver_soon  # noqa: PLC0415  wants the models

        def written(created: bool, **_signal: Any) -> None:
            if created:
                transaction.on_commit(deliver_soon, robust=True)

        post_save.connect(written, ChangeSet, weak=False, dispatch_uid=__name__)
