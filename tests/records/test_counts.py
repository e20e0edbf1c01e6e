"""The count of a list is exact, although PostgreSQL doesn't count the records for each request."""

import random
from collections import Counter
from contextlib import suppress
from threading import Event, Thread

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from heroes.models import Hero
from heroesite.records import counts
from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.counts import Grouping, LastCount, RecordCounts
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.people import browser

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]
LIST = "/api/v1/heroes/?limit=1"


def planned_count(client):
    response = client.get(LIST)
    assert response.wsgi_request.is_planned
    return response.json()["count"]


@pytest.fixture
def client(settings):
    """Return a client whose requests for the list get responses from a plan."""
    settings.LIMITS = {"user": 0, "token": 0, "address": 0}
    client = browser()
    for _time in range(2):
        client.get(LIST)
    return client


def test_the_count_is_updated_by_every_write(client):
    team = TeamFactory()
    heroes = [HeroFactory(team=team) for _number in range(3)]
    assert planned_count(client) == 3
    Hero.objects.create_all([Hero(name=f"Owl {number}", secret_name="x") for number in range(5)])
    assert planned_count(client) == 8
    Hero.objects.filter(pk__in=[heroes[0].pk, heroes[1].pk]).delete()
    heroes[2].age = 7
    heroes[2].save()
    team.delete()
    assert planned_count(client) == 6
    with suppress(ZeroDivisionError), transaction.atomic():
        HeroFactory()
        raise ZeroDivisionError
    assert planned_count(client) == 6
    with transaction.atomic():
        HeroFactory()
        with suppress(ZeroDivisionError), transaction.atomic():
            HeroFactory()
            raise ZeroDivisionError
        assert planned_count(client) == 7, "a transaction sees its own records"
    assert planned_count(client) == 7


def test_an_unfiltered_list_is_counted_once_on_postgresql(client):
    HeroFactory.create_batch(3)
    planned_count(client)
    with CaptureQueriesContext(connection) as queries:
        assert planned_count(client) == 3
    is_counted = any("COUNT(*)" in query["sql"] for query in queries)
    assert is_counted == (connection.vendor == "sqlite")
    assert len(queries) == 2


def test_the_history_is_not_counted_again_without_a_commit(client):
    client.cookies["visits"] = "2"  # so that the page isn't a stored one

    def is_counted(number):
        """Return whether the page counted the changes. Its count must be ``number``."""
        with CaptureQueriesContext(connection) as queries:
            assert f"1–{number} of {number}" in client.get("/history/").content.decode()
        return any('COUNT(*) AS "__count"' in query["sql"] for query in queries)

    for number in range(1, 4):
        HeroFactory(team=None)
        assert is_counted(number)
        if connection.vendor == "postgresql":  # tests in other databases of the server also commit
            assert not all(is_counted(number) for _time in range(1000))
    with transaction.atomic():
        HeroFactory(team=None)
        assert is_counted(4), "a transaction sees its own changes"


def test_changes_by_other_connections_are_counted(client):
    HeroFactory.create_batch(3)
    assert planned_count(client) == 3

    def delete_one():
        Hero.objects.first().delete()
        connections.close_all()

    for number in (2, 1):
        thread = Thread(target=delete_one)
        thread.start()
        thread.join()
        assert planned_count(client) == number
        HeroFactory()
        assert planned_count(client) == number + 1
        Hero.objects.last().delete()
        assert planned_count(client) == number


def test_records_changed_with_sql_are_counted_when_the_stored_count_expires(monkeypatch, request):
    monkeypatch.setattr(counts, "SECONDS", 0)
    client = request.getfixturevalue("client")
    HeroFactory.create_batch(3)
    assert planned_count(client) == 3
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM heroes_hero")
    assert planned_count(client) == 0


@pytest.mark.parametrize("distance", [0, 8])
def test_entries_from_another_server_are_not_counted(distance, monkeypatch, request):
    """A dump from a busier server contains ids of transactions that are running or to come on this server."""
    monkeypatch.setattr(counts, "SECONDS", 0)
    client = request.getfixturevalue("client")
    HeroFactory.create_batch(3)
    running = connections.create_connection("default")
    try:
        if connection.vendor == "postgresql":
            running.set_autocommit(False)
            with running.cursor() as cursor:
                cursor.execute("SELECT pg_current_xact_id()::text::bigint")
                [number] = cursor.fetchone()
            Hero.history.all().update(transaction=number + distance)
        monkeypatch.undo()
        for number in range(12):
            assert planned_count(client) == 3
            TeamFactory(name=f"Team {number}")
    finally:
        running.close()


def write_until(stop, seed):
    """Create and delete heroes in transactions, some of which are rolled back."""
    choices, teams = random.Random(seed), list(Team.objects.all())
    try:
        for number in range(10_000):
            if stop.is_set():
                return
            with suppress(ZeroDivisionError), transaction.atomic():
                hero = HeroFactory(name=f"{seed} {number}", age=choices.randrange(80))
                with suppress(ZeroDivisionError), transaction.atomic():
                    HeroFactory(name=f"{seed} {number} inner")
                    if choices.random() < 0.5:
                        raise ZeroDivisionError
                if choices.random() < 0.4:
                    hero.delete()
                elif choices.random() < 0.7:
                    hero.team, hero.age = choices.choice([None, *teams]), choices.randrange(80)
                    hero.save()
                if choices.random() < 0.3:
                    raise ZeroDivisionError
    finally:
        connections.close_all()


BY_TEAM = Grouping("team_id")
BY_AGE = Grouping("age", "CASE WHEN {0} >= 50 THEN 5 ELSE {0} / 10 END")


GROUPINGS = [(), (BY_TEAM,), (BY_TEAM, BY_AGE)]


def expected_counts(groupings):
    """Count the heroes one by one."""
    heroes = list(Hero.objects.all())
    if not groupings:
        return [Counter({None: len(heroes)})]
    teams = Counter(hero.team_id for hero in heroes)
    ages = Counter(None if hero.age is None else min(hero.age // 10, 5) for hero in heroes)
    return [teams, ages][: len(groupings)]


def test_every_write_updates_the_counts_by_value(monkeypatch):
    counters = {groupings: RecordCounts(Hero, "default", groupings) for groupings in GROUPINGS}
    teams = TeamFactory.create_batch(3)
    choices = random.Random(1)
    for _write in range(150):
        heroes = list(Hero.objects.all())
        action = choices.choice(["create", "change", "change", "delete", "delete team", "undo", "erase"])
        if action == "create" or not heroes:
            HeroFactory(team=choices.choice([None, *teams]), age=choices.choice([None, 9, 10, 49, 50, 3000]))
        elif action == "change":
            hero = choices.choice(heroes)
            hero.team, hero.age = choices.choice([None, *teams]), choices.choice([None, 5, 15, 60])
            hero.save()
        elif action == "delete":
            choices.choice(heroes).delete()
        elif action == "delete team":
            teams.pop().delete()
            teams.append(TeamFactory())
        elif action == "erase":
            Hero.history.filter(id=choices.choice(heroes).pk).update(age=None, erased=["age"])
        else:
            with suppress(ZeroDivisionError), transaction.atomic():
                Hero.objects.update(age=choices.choice([1, 99]))
                raise ZeroDivisionError
        for groupings, counter in counters.items():
            assert list(map(Counter, counter.get())) == expected_counts(groupings)


@pytest.mark.parametrize("groupings", GROUPINGS, ids=["all", "by team", "by team and age"])
def test_the_counts_match_their_snapshot_while_others_write(groupings):
    stop, counter = Event(), RecordCounts(Hero, "default", groupings)
    HeroFactory(team=TeamFactory.create_batch(3)[0])
    seeds = range(3) if connection.vendor == "postgresql" else ()  # on SQLite, they would block the reads
    writers = [Thread(target=write_until, args=(stop, seed)) for seed in seeds]
    for writer in writers:
        writer.start()
    try:
        for _comparison in range(200):
            with transaction.atomic(), connection.cursor() as cursor:
                if connection.vendor == "postgresql":
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                    found = counter.update(cursor)
                else:
                    found = counter.get()
                assert found == expected_counts(groupings)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert Hero.objects.exists()


def test_a_row_that_is_committed_while_a_table_is_counted_is_counted_the_next_time():
    last = LastCount("default")

    def count_and_add():
        count = ChangeSet.objects.count()
        ChangeSet.objects.create(source="command")
        return count

    assert [last.get(count_and_add) for _time in range(3)] == [0, 1, 2]
