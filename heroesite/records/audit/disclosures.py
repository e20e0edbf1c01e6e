"""The log of disclosures: who has seen which restricted values. Staff can read it in the admin."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from heroesite.records.audit.change_sets import Source


class DisclosureQuerySet(models.QuerySet["Disclosure"]):
    def older_than(self, days: int) -> Self:
        return self.filter(at__lt=timezone.now() - timedelta(days=days))

    def record(self, user: Any, source: Source, field: str, records: Sequence[Any]) -> None:
        """Log that ``user`` is about to see ``field`` of ``records``."""
        if records:
            self.create(
                user=user,
                username=user.get_username(),
                source=source,
                kind=records[0]._meta.label_lower,
                field=field,
                ids=[record.pk for record in records],
            )


class Disclosure(models.Model):
    """One access to a restricted field of some records."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, verbose_name=_("user"), related_name="+"
    )
    username = models.CharField(_("username"), max_length=150)
    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    source = models.CharField(_("source"), max_length=10, choices=Source)
    kind = models.CharField(_("type"), max_length=60)
    field = models.CharField(_("field"), max_length=60)
    ids = models.JSONField(_("IDs"))

    objects = DisclosureQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = _("disclosure")
        verbose_name_plural = _("disclosures")

    def __str__(self) -> str:
        return f"{self.username}, {self.kind} {', '.join(map(str, self.ids[:10]))}"
