"""Webhooks, the deliveries that they are sent, and the attempts to send each."""

import base64
import secrets
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from heroesite.changelog.feed import Positions

from .addresses import validate_webhook_url

RESPONSE_LENGTH = 1000
"""Bytes of a response that are stored."""


def new_secret() -> str:
    """Return a random secret in the format of Standard Webhooks, to sign deliveries with."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def new_message() -> str:
    """Return a random id for a delivery."""
    return f"msg_{uuid4().hex}"


class Webhook(models.Model):
    """A URL that changes are sent to.

    ``after`` is a cursor of the feed: there is a delivery for each change before it. Changes from before
    ``active_since`` are not sent, even if the feed lists them only later. An inactive webhook has neither.
    """

    url = models.CharField(
        _("URL"),
        max_length=500,
        validators=[validate_webhook_url],
        help_text=_("We'll POST each change to this URL, signed with a secret you'll see after saving."),
    )
    kinds = models.JSONField(_("record types"), default=list)
    actions = models.JSONField(_("actions"), default=list)
    active = models.BooleanField(_("active"), default=True)
    secret = models.CharField(_("secret"), max_length=100, default=new_secret, editable=False)
    after = models.TextField(editable=False)
    active_since = models.DateTimeField(_("active since"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        ordering = ["id"]
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        constraints = [
            models.CheckConstraint(
                condition=Q(active=True) | Q(after="", active_since=None),
                name="webhooks_webhook_inactive_without_place",
            )
        ]

    def __str__(self) -> str:
        return self.url

    def save(self, *, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Save the webhook; if it is switched on or off, cancel the deliveries that wait.

        One that is switched on starts with the changes that are made from now on. Its place in the feed is
        otherwise left alone, since deliveries may have been created since this copy was loaded.
        """
        if update_fields is not None and "active" not in update_fields:
            super().save(update_fields=update_fields, **kwargs)
            return
        with transaction.atomic():
            stored = Webhook.objects.select_for_update().filter(pk=self.pk).first()
            stays_active = bool(self.active and stored and stored.active and stored.after)
            if stored and stays_active:
                self.after, self.active_since = stored.after, stored.active_since
            else:
                self.reset_position()
            if update_fields is not None:
                update_fields = {*update_fields, "after", "active_since"}
            super().save(update_fields=update_fields, **kwargs)
            if not stays_active:
                self.deliveries.cancel()

    def reset_position(self) -> None:
        """Set the place in the feed to that of the next change, or to none for an inactive webhook."""
        self.after = Positions.latest().encode() if self.active else ""
        self.active_since = timezone.now() if self.active else None


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def waiting(self) -> "DeliveryQuerySet":
        return self.filter(state=Delivery.State.WAITING)

    def cancel(self) -> int:
        """Cancel the deliveries that wait. Return how many did."""
        return self.waiting().update(state=Delivery.State.CANCELLED, due=None)


class Delivery(models.Model):
    """An event for a webhook. Each attempt to send it has the same body and the same ``message`` id."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    webhook = models.ForeignKey(Webhook, models.CASCADE, verbose_name=_("webhook"), related_name="deliveries")
    message = models.CharField(_("message ID"), max_length=40, default=new_message, unique=True)
    type = models.CharField(_("event"), max_length=100)
    body = models.TextField(_("body"))
    at = models.DateTimeField(_("created"), default=timezone.now, db_index=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    due = models.DateTimeField(_("next attempt"), default=timezone.now, null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [models.Index(fields=["webhook", "state", "due"], name="webhooks_delivery_due")]

    def __str__(self) -> str:
        return f"{self.type} {self.message}"


class Attempt(models.Model):
    """One attempt to send a delivery: the response, or the error if there was none."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    at = models.DateTimeField(_("sent"), default=timezone.now)
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    response = models.TextField(_("response"), blank=True)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")

    def __str__(self) -> str:
        return str(self.status or self.error)

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300
