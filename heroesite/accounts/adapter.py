"""Settings of django-allauth that need code: no sign-up, and limits for failed attempts to sign in."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.signals import password_reset
from allauth.core import ratelimit
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from heroesite.api.limits import network
from heroesite.text import fold


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "enter_current_password": _("Enter your current password."),
        "too_many_login_attempts": _("Too many attempts. Try again in five minutes."),
        "username_password_mismatch": _("The username and password don't match. Check both, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address whose sign-in attempts are counted together.

        If ``X-Forwarded-For`` lists fewer addresses than there are trusted proxies, this is the address that
        made the connection.
        """
        try:
            return super().get_client_ip(request)
        except (ImproperlyConfigured, PermissionDenied):
            return request.META["REMOTE_ADDR"]

    def is_safe_url(self, url: str | None) -> bool:
        try:
            return super().is_safe_url(url)
        except ValueError:  # malformed, such as "http://["
            return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count an attempt by address, then by username and address, then by username.

        An attempt refused by one count is not added to the next, so a guesser at one address adds no more
        than five attempts to those at the username.

        Raises:
            ValidationError: too many attempts.
        """
        super().pre_authenticate(request, **credentials)
        for limit in self.username_limits(request, credentials.get("username", "")):
            if not ratelimit.consume(request, **limit):
                raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        user = super().authenticate(request, **credentials)
        if user:
            self.clear_username_limits(request, credentials["username"])
        return user

    def clear_username_limits(self, request: HttpRequest, username: str) -> None:
        """Reset the failed attempts for a username after its owner has signed in or set a password."""
        for limit in self.username_limits(request, username):
            ratelimit.clear(request, **limit)

    def username_limits(self, request: HttpRequest, username: str) -> list[dict[str, str]]:
        """Return the action and the key of each limit that counts a username, for allauth's ratelimit."""
        name, address = fold(username), network(self.get_client_ip(request))
        return [
            {"action": "login_failed_by_username_and_address", "key": f"{name} {address}"},
            {"action": "login_failed_by_username", "key": name},
        ]


@receiver(password_reset)
def clear_limits(request: HttpRequest, user: User, **kwargs: Any) -> None:
    AccountAdapter().clear_username_limits(request, user.username)
