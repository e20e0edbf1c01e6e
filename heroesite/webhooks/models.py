"""Who is told of changes, what they were told, and what they answered."""

import base64
import secrets
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from heroesite.changelog.feed import Positions

from .addresses import NotPublic, check_public

ANSWER_LENGTH = 1000
"""Bytes of an answer that are kept."""
NO_ADDRESS = _("Enter an address like https://hooks.example.org/heroes, in ASCII.")


def new_secret() -> str:
    """What deliveries are signed with, as Standard Webhooks writes it."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def new_message() -> str:
    return f"msg_{uuid4().hex}"


class Webhook(models.Model):
    """An address that is told of changes.

    ``after`` is how far it has been told, as a cursor of the feed.
    """

    url = models.CharField(
        _("address"),
        max_length=500,
        validators=[URLValidator(["https", "http"], message=NO_ADDRESS)],
        help_text=_(
            "Is sent a POST for each change, signed with a secret that stands here once this is saved."
        ),
    )
    kinds = models.JSONField(_("kinds"), default=list)
    actions = models.JSONField(_("actions"), default=list)
    active = models.BooleanField(_("active"), default=True)
    secret = models.CharField(_("secret"), max_length=100, default=new_secret, editable=False)
    after = models.TextField(editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        ordering = ["id"]
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")

    def __str__(self) -> str:
        return self.url

    def save(self, *args: Any, **kwargs: Any) -> None:
        """One that has no place in the feed begins with what comes from now on."""
        self.after = self.after or Positions.here().write()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Refuse an address that nothing can be delivered to."""
        try:
            parts = urlsplit(self.url)
            known = parts.port is None or parts.port > 0
        except ValueError:
            known = False
        if not (known and self.url.isascii()):
            raise ValidationError({"url": ValidationError(NO_ADDRESS, code="invalid")})
        if parts.username is not None or parts.password is not None:
            words = _("Leave name and password out of the address; deliveries are signed.")
            raise ValidationError({"url": ValidationError(words, code="credentials")})
        try:
            check_public(parts.hostname or "")
        except NotPublic as error:
            raise ValidationError({"url": ValidationError(str(error), code="not_public")}) from None


class Delivery(models.Model):
    """One change, as one webhook is told of it: the same body and id, however often it is sent."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("given up")

    webhook = models.ForeignKey(Webhook, models.CASCADE, verbose_name=_("webhook"), related_name="deliveries")
    message = models.CharField(_("message"), max_length=40, default=new_message, unique=True)
    type = models.CharField(_("type"), max_length=100)
    body = models.TextField(_("body"))
    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    due = models.DateTimeField(_("due"), default=timezone.now, null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [models.Index(fields=["webhook", "state", "due"], name="webhooks_delivery_due")]

    def __str__(self) -> str:
        return f"{self.type} {self.message}"


class Attempt(models.Model):
    """One sending of a delivery: what was answered, or why nothing was."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    at = models.DateTimeField(_("when"), default=timezone.now)
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    answer = models.TextField(_("answer"), blank=True)
    fault = models.TextField(_("fault"), blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")

    def __str__(self) -> str:
        return str(self.status or self.fault)

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300
