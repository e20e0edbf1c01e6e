"""API tokens: kept as digests, named, with an end, and perhaps for reading only."""

from datetime import timedelta
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken, AuthTokenManager

DAYS, MOST_DAYS = 365, 3650
"""How long a token holds unless said, and at most."""


class ApiTokenManager(AuthTokenManager):
    def issue(
        self, user: Any, *, name: str = "", read_only: bool = False, days: int = DAYS
    ) -> tuple[Any, str]:
        """Make a token for ``user``. Returns it with its text, which can never be shown again."""
        return self.create(user, expiry=timedelta(days=days), name=name, read_only=read_only)


class ApiToken(AbstractAuthToken):
    """A bearer token (RFC 6750) by which a program acts for its user."""

    name: models.CharField = models.CharField(_("name"), max_length=100, blank=True)
    read_only: models.BooleanField = models.BooleanField(_("for reading only"), default=False)

    objects = ApiTokenManager()

    class Meta:
        ordering = ["-created", "digest"]
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.name or self.token_key

    @property
    def is_expired(self) -> bool:
        return self.expiry is not None and self.expiry <= timezone.now()
