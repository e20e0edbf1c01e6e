"""A plan loads the caller of a request again only if something has been committed since the last time."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from heroesite.api.models import ApiToken
from heroesite.webhooks.models import Webhook
from tests.factories import HeroFactory, TeamFactory
from tests.people import person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]

READS = ["{hero}", "?limit=1&offset=1", "?cursor=*", "?age__gte=1&count=exact", "?offset=5000&search=owl"]


@pytest.fixture
def hero(settings):
    settings.LIMITS = {"user": 0, "token": 0, "address": 0}
    HeroFactory(name="Owl two", age=2, team=None)
    return HeroFactory(name="Owl", age=3, team=TeamFactory())


@pytest.fixture
def token():
    """A token and its text, of a user without permissions."""
    return ApiToken.objects.issue(person("reader"))


def send(client, address, text):
    return client.get(f"/api/v1/heroes/{address}", headers={"Authorization": f"Bearer {text}"})


def count_callers(client, address, text):
    """Send a request. Return how often its caller is loaded."""
    with CaptureQueriesContext(connection) as queries:
        response = send(client, address, text)
    assert response.wsgi_request.is_planned
    return sum("digest" in query["sql"] for query in queries)


@pytest.mark.parametrize("read", READS)
def test_a_caller_is_loaded_again_after_a_commit(read, hero, token):
    client, (_token, text) = Client(), token
    address = read.format(hero=hero.pk)
    for _time in range(4):  # compiles the plan, and loads the caller twice
        assert send(client, address, text).status_code == 200
    has_rows = bool(send(client, address, text).json().get("results", True))
    can_know = connection.vendor == "postgresql" and has_rows
    for _time in range(3):
        # Transactions of other tests on the same server count too, so this may take several requests.
        assert any(count_callers(client, address, text) == 0 for _request in range(100)) == can_know
        Webhook.objects.create(url="https://hooks.example.org/")
        assert count_callers(client, address, text) == 1


def test_a_caller_is_loaded_with_each_request_in_a_transaction(hero, token):
    client, (_token, text) = Client(), token
    with transaction.atomic():
        for _time in range(4):
            send(client, hero.pk, text)
        assert [count_callers(client, hero.pk, text) for _time in range(2)] == [1, 1]


def invalidate_by_sql(token):
    ApiToken.objects.filter(pk=token.pk).update(expiry=timezone.now())


@pytest.mark.parametrize(
    "invalidate",
    [
        lambda token: token.delete(),
        invalidate_by_sql,
        lambda token: User.objects.filter(pk=token.user_id).update(is_active=False),
        lambda token: token.user.delete(),
    ],
    ids=["revoked", "expired", "inactive", "deleted"],
)
@pytest.mark.parametrize("read", READS[:3])
def test_the_next_request_with_an_invalidated_token_is_rejected(invalidate, read, hero, token):
    client, (stored, text) = Client(), token
    address = read.format(hero=hero.pk)
    assert [send(client, address, text).status_code for _time in range(6)] == [200] * 6
    invalidate(stored)
    assert [send(client, address, text).status_code for _time in range(2)] == [401] * 2


def test_a_token_expires_without_a_commit(hero, token, monkeypatch):
    client, (stored, text) = Client(), token
    assert [send(client, hero.pk, text).status_code for _time in range(6)] == [200] * 6
    monkeypatch.setattr(timezone, "now", lambda: stored.expiry)
    assert send(client, hero.pk, text).status_code == 401


@pytest.mark.parametrize("read", READS[:3])
def test_a_permission_applies_to_the_next_request(read, hero, token):
    """Whether it is the user's own or a group's."""
    client, (stored, text) = Client(), token
    address = read.format(hero=hero.pk)
    permission = Permission.objects.get(codename="view_secret_name")
    group = Group.objects.create(name="Confidants")
    group.permissions.add(permission)
    changes = [
        lambda: None,
        lambda: stored.user.user_permissions.add(permission),
        lambda: stored.user.user_permissions.clear(),
        lambda: stored.user.groups.add(group),
        lambda: group.permissions.clear(),
        lambda: User.objects.filter(pk=stored.user_id).update(is_superuser=True),
    ]
    seen = []
    for change in changes:
        change()
        seen += [b"secret_name" in send(client, address, text).content for _time in range(5)]
    assert seen == [can_see for can_see in (False, True, False, True, False, True) for _time in range(5)]


def test_a_plan_responds_again_once_a_permission_is_withdrawn(hero, token):
    client, (stored, text) = Client(), token
    permission = Permission.objects.get(codename="view_secret_name")
    for _time in range(3):
        send(client, hero.pk, text)  # compiles the plan
    stored.user.user_permissions.add(permission)
    for _time in range(5):
        client.get("/api/v1/teams/", headers={"Authorization": f"Bearer {text}"})  # has no restricted values
    assert not hasattr(send(client, hero.pk, text).wsgi_request, "is_planned")
    stored.user.user_permissions.remove(permission)
    assert send(client, hero.pk, text).wsgi_request.is_planned
