"""Queries of lists that people keep under a name, and share by a link."""

import secrets
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .fields import GROWTH, FoldedField, LineField

LONGEST_QUERY = 8000


def new_key() -> str:
    return secrets.token_urlsafe(12)


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def of(self, user: Any, kind: Any) -> "SavedViewQuerySet":
        """The views that ``user`` keeps of the list of ``kind``."""
        return self.filter(user=user, kind=kind._meta.label_lower)


class SavedView(models.Model):
    """A query of the list of one kind of record.

    It is found by its ``key``, which cannot be guessed: who has the link can open it, nobody else sees it.
    """

    key = models.CharField(max_length=22, unique=True, default=new_key, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", editable=False)
    kind = models.CharField(max_length=100, editable=False)
    name = LineField(_("name"), max_length=100)
    name_key = FoldedField(of="name", max_length=100 * GROWTH)
    query = models.CharField(max_length=LONGEST_QUERY)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["name_key", "id"]
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "name_key"], name="records_savedview_name_unique")
        ]

    def __str__(self) -> str:
        return self.name
