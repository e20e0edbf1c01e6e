"""How django-allauth behaves here: administrators add users, nobody signs up."""

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
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
