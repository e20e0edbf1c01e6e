"""API tokens, stored as digests, and idempotency keys, which store the responses to writes for retries."""

from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken, AuthTokenManager

DEFAULT_DAYS, MAX_DAYS = 365, 3650
"""After how many days a token expires by default, and at most."""


class ApiTokenManager(AuthTokenManager):
    def issue(
        self, user: Any, *, name: str = "", read_only: bool = False, days: int = DEFAULT_DAYS
    ) -> tuple[Any, str]:
        """Create a token for ``user``. Return it and its text, of which only a digest is stored."""
        return self.create(user, expiry=timedelta(days=days), name=name, read_only=read_only)

    def revoke(self, user: Any) -> int:
        """Delete all tokens of ``user``. Return how many there were."""
        count, _models = self.filter(user=user).delete()
        return count


class ApiToken(AbstractAuthToken):
    """A bearer token (RFC 6750), with which an API client acts for its user."""

    name: models.CharField = models.CharField(_("name"), max_length=100, blank=True)
    read_only: models.BooleanField = models.BooleanField(_("read-only"), default=False)

    objects = ApiTokenManager()

    class Meta:
        ordering = ["-created", "digest"]
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.name or self.token_key

    @property
    def is_expired(self) -> bool:
        expiry = self.expiry
        return expiry is not None and expiry <= timezone.now()


class IdempotencyKeyQuerySet(models.QuerySet["IdempotencyKey"]):
    def over(self) -> Self:
        """Return the keys that have expired."""
        return self.filter(at__lte=timezone.now() - timedelta(hours=settings.IDEMPOTENCY_HOURS))


class IdempotencyKey(models.Model):
    """A write of one user, and its response once there is one.

    A key from a header has no blank in it; one with a blank belongs to a form, see
    :mod:`heroesite.records.forms.record_form`.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("user"), related_name="+"
    )
    key = models.CharField(_("key"), max_length=255)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    claim = models.CharField(_("claim"), max_length=32)
    leased_until = models.DateTimeField(_("leased until"))
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    headers = models.JSONField(_("headers"), default=dict)
    body = models.TextField(_("body"))  # as text, since PostgreSQL would change the order of JSON

    objects = IdempotencyKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="api_idempotency_key_once")]

    def __str__(self) -> str:
        return self.key

    @property
    def is_over(self) -> bool:
        return self.at <= timezone.now() - timedelta(hours=settings.IDEMPOTENCY_HOURS)
