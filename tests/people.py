"""Users of the interfaces: people with a browser, and programs that act for them."""

from django.contrib.auth.models import Group, User
from django.test import Client
from rest_framework.test import APIClient

from heroesite.api.models import ApiToken

PASSWORD = "correct horse battery staple"


def person(name: str, *groups: str, staff: bool = False, superuser: bool = False) -> User:
    """Create a user with the password ``PASSWORD``.

    Args:
        groups: names of the groups to join.
        staff: whether the user can sign in to the admin.
        superuser: whether the user has every permission.
    """
    user = User.objects.create_user(
        name, f"{name}@example.org", PASSWORD, is_staff=staff, is_superuser=superuser
    )
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


def browser(user: User | None = None) -> Client:
    """Return a test client that is signed in as ``user``. An error is a response and not an exception."""
    client = Client(raise_request_exception=False)
    if user:
        client.force_login(user)
    return client


class Program(APIClient):
    """A client that replaces any version of a record, unless it sends ``If-Match`` itself."""

    def put(self, *args: object, headers: dict[str, str] | None = None, **kwargs: object) -> object:
        return super().put(*args, headers={"If-Match": "*", **(headers or {})}, **kwargs)


def program(user: User | None = None, **token: object) -> APIClient:
    """Return a client of the API that sends a token of ``user``.

    Args:
        token: arguments of ``ApiToken.objects.issue``.
    """
    client = Program(raise_request_exception=False)
    if user:
        _token, text = ApiToken.objects.issue(user, **token)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client
