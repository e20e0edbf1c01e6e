"""Writes without a lock: a conflict with another write has the result of one write after the other.

The writers can't see secret names. Their writes need no transaction, because nothing is disclosed.
"""

from functools import partial

import pytest
from django.contrib.auth.models import Permission
from django.db import OperationalError, connection

from heroes.models import Hero
from heroesite.records.api.viewsets import RecordViewSet
from teams.api import TeamSerializer
from tests.factories import HeroFactory
from tests.people import person, program
from tests.threads import in_parallel

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]
HEROES = "/api/v1/heroes/"
ROUNDS = 8


@pytest.fixture
def clients():
    user = person("writer")
    names = [f"{action}_hero" for action in ("add", "change", "delete")]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return [program(user) for _client in range(4)]


@pytest.fixture
def interrupt(monkeypatch):
    """A function that runs another one after the next request has loaded its record without a lock.

    On SQLite, which has one writer at a time, it runs before that request.
    """

    def arrange(write):
        if connection.vendor == "sqlite":
            write()
            return []
        get_object, waiting = RecordViewSet.get_object, [write]

        def get_and_write(view):
            found = get_object(view)
            if not connection.in_atomic_block and waiting:
                waiting.pop()()
            return found

        monkeypatch.setattr(RecordViewSet, "get_object", get_and_write)
        return waiting

    return arrange


def versions(hero):
    return [*hero.history.order_by("history_id").values_list("version", flat=True)]


def rename(hero, **values):
    for name, value in values.items():
        setattr(hero, name, value)
    hero.save()


def test_two_changes_of_one_record_are_both_made(clients, interrupt):
    hero = HeroFactory(name="Owl", age=1)
    waiting = interrupt(lambda: rename(Hero.objects.get(), name="Night Owl"))
    response = clients[0].patch(f"{HEROES}{hero.pk}", {"age": 2})
    assert not waiting
    assert response.status_code == 200
    assert (response.json()["name"], response.json()["age"], response.json()["version"]) == (
        "Night Owl",
        2,
        3,
    )
    assert versions(hero) == [1, 2, 3]


def test_a_condition_is_checked_against_the_other_change(clients, interrupt):
    hero = HeroFactory(age=1)
    tag = clients[0].get(f"{HEROES}{hero.pk}").headers["ETag"]
    interrupt(lambda: rename(Hero.objects.get(), age=5))
    for change in (
        partial(clients[0].patch, f"{HEROES}{hero.pk}", {"age": 2}),
        partial(clients[0].delete, f"{HEROES}{hero.pk}"),
    ):
        response = change(headers={"If-Match": tag})
        assert (response.status_code, response.json()["version"]) == (412, 2)
    assert versions(hero) == [1, 2]


def test_a_version_in_the_body_is_checked_against_the_other_change(clients, interrupt):
    hero = HeroFactory(age=1)
    interrupt(lambda: rename(Hero.objects.get(), age=5))
    response = clients[0].patch(f"{HEROES}{hero.pk}", {"age": 2, "version": 1})
    assert (response.status_code, response.json()["version"]) == (409, 2)


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_a_record_that_is_deleted_meanwhile_is_not_found(method, clients, interrupt):
    hero = HeroFactory()
    interrupt(lambda: Hero.objects.get().delete())
    response = getattr(clients[0], method)(f"{HEROES}{hero.pk}", {"age": 2} if method == "patch" else None)
    assert response.status_code == 404
    assert versions(hero) == [1, 2]


def test_a_deletion_after_another_change_has_that_change_in_its_history(clients, interrupt):
    hero = HeroFactory(age=1)
    interrupt(lambda: rename(Hero.objects.get(), age=5))
    assert clients[0].delete(f"{HEROES}{hero.pk}").status_code == 204
    assert [*hero.history.order_by("version").values_list("version", "age", "history_type")] == [
        (1, 1, "+"),
        (2, 5, "~"),
        (3, 5, "-"),
    ]


def test_parallel_changes_are_all_made_in_the_order_of_their_versions(clients):
    hero = HeroFactory(age=0)
    for number in range(ROUNDS):
        changes = [
            partial(client.patch, f"{HEROES}{hero.pk}", {"age": 10 * number + position + 1})
            for position, client in enumerate(clients)
        ]
        assert {response.status_code for response in in_parallel(*changes)} == {200}
    assert versions(hero) == [*range(1, ROUNDS * len(clients) + 2)]
    hero.refresh_from_db()
    assert hero.age == hero.history.latest("version").age


def test_of_parallel_records_with_one_name_one_is_created(clients):
    for number in range(ROUNDS):
        body = {"name": f"Hero {number}", "secret_name": "x"}
        responses = in_parallel(*(partial(client.post, HEROES, body) for client in clients))
        assert sorted(response.status_code for response in responses) == [201, 422, 422, 422]


def test_a_team_whose_response_fails_is_not_created(monkeypatch):
    """The response contains the team's heroes, which are read after the team has been written."""

    def fail(_serializer, _team):
        raise OperationalError("canceling statement due to statement timeout")

    user, team = person("Rose"), {"name": "Night Watch", "headquarters": "Harbour Road"}
    user.user_permissions.add(Permission.objects.get(codename="add_team"))
    client = program(user)
    with monkeypatch.context() as patches:
        patches.setattr(TeamSerializer, "get_heroes", fail)
        assert client.post("/api/v1/teams/", team).status_code >= 500
    assert client.post("/api/v1/teams/", team).status_code == 201
