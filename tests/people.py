"""The people at the doors: visitor, editor, keeper, administrator, and the programs that act for them."""

from django.contrib.auth.models import Group, User
from django.test import Client
from rest_framework.test import APIClient

from heroesite.api.models import ApiToken

PASSWORD = "correct horse battery staple"


def person(name: str, *groups: str, staff: bool = False, superuser: bool = False) -> User:
    user = User.objects.create_user(
        name, f"{name}@example.org", PASSWORD, is_staff=staff, is_superuser=superuser
    )
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


def browser(user: User | None = None) -> Client:
    """A browser, signed in as ``user``, in which an error is an answer and not an exception."""
    client = Client(raise_request_exception=False)
    if user:
        client.force_login(user)
    return client


class Program(APIClient):
    """A program that minds nobody's changes, unless it says so."""

    def put(self, *args: object, headers: dict[str, str] | None = None, **kwargs: object) -> object:
        return super().put(*args, headers={"If-Match": "*", **(headers or {})}, **kwargs)


def program(user: User | None = None, **token: object) -> APIClient:
    """A program that sends a token of ``user``."""
    client = Program(raise_request_exception=False)
    if user:
        _token, text = ApiToken.objects.issue(user, **token)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client
