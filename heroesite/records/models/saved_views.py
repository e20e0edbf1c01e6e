"""Saved views: queries of lists, which users name and share by link."""

import secrets
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from heroesite.records.models.fields import MAX_FOLDING_GROWTH, FoldedField, LineField
from heroesite.text import fold

LONGEST_QUERY = 8000
MOST = 100
"""Views that a user can save for one record type."""


def new_key() -> str:
    return secrets.token_urlsafe(12)


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def of(self, user: Any, model: Any) -> "SavedViewQuerySet":
        """Return the views of ``user`` for the list of ``model``."""
        return self.filter(user=user, kind=model._meta.label_lower)


class SavedView(models.Model):
    """A saved query of the list of one record type.

    Its ``key`` can't be guessed: anyone with the link can open the view; otherwise only its owner sees it.
    """

    key = models.CharField(max_length=22, unique=True, default=new_key, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", editable=False)
    kind = models.CharField(max_length=100, editable=False)
    name = LineField(_("name"), max_length=100)
    name_key = FoldedField(of="name", max_length=100 * MAX_FOLDING_GROWTH)
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

    def validate_unique(self, exclude: Any = None) -> None:
        """Check that the user has no other view with this name, ignoring case, and isn't at the limit."""
        super().validate_unique(exclude=exclude)
        if "name" in (exclude or ()):
            return
        others = type(self).objects.filter(user=self.user, kind=self.kind).exclude(pk=self.pk)
        if others.filter(name_key=fold(self.name)).exists():
            message = _("You already have a view with this name. Choose another name.")
            raise ValidationError({"name": ValidationError(message, code="unique")})
        if others.count() >= MOST:
            message = _("You already have %(most)d views. Delete one first.")
            raise ValidationError({"name": ValidationError(message, "too_many", {"most": MOST})})
