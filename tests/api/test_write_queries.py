"""A write takes few round trips. On PostgreSQL, one statement writes a hero, without BEGIN and COMMIT."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from heroes.models import Hero
from heroesite.api.models import ApiToken
from tests.factories import HeroFactory, TeamFactory
from tests.people import person, program

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]
HEROES = "/api/v1/heroes/"


@pytest.fixture
def register():
    """Return the ids of two teams, and of heroes of the first one."""
    teams = TeamFactory.create_batch(2)
    return [team.pk for team in teams], [hero.pk for hero in HeroFactory.create_batch(6, team=teams[0])]


@pytest.fixture
def writer():
    """A user who can write heroes, and whose responses contain no secret names."""
    user = person("writer")
    actions = ("add", "change", "delete")
    user.user_permissions.set(
        Permission.objects.filter(codename__in=[f"{action}_hero" for action in actions])
    )
    return user


@pytest.mark.parametrize(
    ("write", "status", "on_postgresql", "on_sqlite"),
    [
        (lambda client, teams, pk: client.patch(f"{HEROES}{pk}", {"age": pk}), 200, 1, 4),
        (lambda client, teams, pk: client.patch(f"{HEROES}{pk}", {"name": f"Owl {pk}"}), 200, 2, 5),
        (lambda client, teams, pk: client.patch(f"{HEROES}{pk}", {"team_id": teams[1]}), 200, 2, 5),
        (
            lambda client, teams, pk: client.post(
                HEROES, {"name": f"Wren {pk}", "secret_name": "Nora", "team_id": teams[1]}
            ),
            201,
            1,
            5,
        ),
        (lambda client, teams, pk: client.delete(f"{HEROES}{pk}"), 204, 1, 4),
    ],
    ids=["age", "name", "team", "new", "deletion"],
)
def test_the_statements_of_a_write(write, status, on_postgresql, on_sqlite, register, writer, settings):
    settings.LIMITS = {"user": 0, "token": 0, "address": 0}
    (teams, heroes), client = register, program(writer)
    write(client, teams, heroes[0])  # the first one compiles statements and makes a plan
    with CaptureQueriesContext(connection) as queries:
        assert write(client, teams, heroes[1]).status_code == status
    statements = [query["sql"] for query in queries]
    token, *of_the_write = statements
    assert "token" in token, (
        "one statement loads the token, the user, the permissions and, on PostgreSQL, the record or what a"
        " new one needs"
    )
    if connection.vendor == "postgresql":  # one statement writes, and so needs no transaction
        assert len(of_the_write) == on_postgresql, statements
        assert not {"BEGIN", "COMMIT"} & {*of_the_write}
    else:
        begin, *of_the_transaction, commit = of_the_write
        assert (begin.split()[0], commit) == ("BEGIN", "COMMIT")
        assert len(of_the_transaction) == on_sqlite, statements


@pytest.mark.parametrize("method", ["patch", "put", "delete"])
def test_a_write_is_rejected_whichever_of_token_and_record_is_missing(method, register, writer):
    """Both are loaded in one statement if the record isn't locked."""
    (_teams, heroes), client = register, program(writer)
    assert getattr(client, method)(f"{HEROES}{max(heroes) + 1}", {}).status_code == 404
    assert getattr(client, method)(f"{HEROES}{'9' * 30}", {}).status_code == 404
    ApiToken.objects.update(read_only=True)
    assert getattr(client, method)(f"{HEROES}{heroes[0]}", {}).status_code == 403
    ApiToken.objects.all().delete()
    assert getattr(client, method)(f"{HEROES}{heroes[0]}", {}).status_code == 401
    assert {hero.version for hero in Hero.objects.filter(pk__in=heroes)} == {1}
