"""The feed of all changes: each once, none skipped, and enough to keep a copy of the register."""

import random
from contextlib import contextmanager
from functools import partial
from threading import Event, Thread

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction

from heroes.models import Hero
from heroesite.changelog.feed import renumber_restored
from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.audit.disclosures import Disclosure
from heroesite.records.models.base import record_models
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.people import browser, program
from tests.threads import in_parallel

FEED = "/api/v1/changes/"
# On PostgreSQL a transaction is told when it is over, so these commit.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]


def get(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return answer.json()


class Copy:
    """A copy of the register, kept by the rule: of one record the highest version counts."""

    def __init__(self, client, limit=100):
        self.client, self.address = client, f"{FEED}?limit={limit}"
        self.last, self.seen, self.changes = {}, [], []

    def read(self):
        """Take the next changes. Returns whether that was all."""
        answer = get(self.client, self.address)
        self.address = answer["next"]
        self.changes += answer["results"]
        for change in answer["results"]:
            self.seen.append((change["kind"], change["id"], change["version"]))
            key = change["kind"], change["id"]
            if key not in self.last or self.last[key]["version"] < change["version"]:
                self.last[key] = change
        return answer["caught_up"]

    def catch_up(self):
        while not self.read():  # tests at work on the same server may hold it up
            pass
        return self

    @property
    def records(self):
        return {key: change["record"] for key, change in self.last.items() if change["record"]}


def register():
    """What stands in the register, as visitors read it."""
    rows = {}
    for kind in ("hero", "team"):
        address = f"/api/v1/{'heroes' if kind == 'hero' else 'teams'}/?cursor=*"
        while address:
            page = get(program(), address)
            rows |= {(kind, row["id"]): row for row in page["results"]}
            address = page["next"]
    return rows


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_the_copy_is_the_register(limit, owner, visitor_program):
    team, editor_browser = TeamFactory(), browser(owner)
    heroes = [HeroFactory(team=team) for _hero in range(4)]
    heroes[0].age = 77
    heroes[0].save()
    heroes[1].delete()
    editor_browser.post(f"/teams/{team.pk}/delete/")
    copy = Copy(visitor_program, limit).catch_up()
    assert copy.records == register()
    editor_browser.post(f"/history/{ChangeSet.objects.latest('pk').pk}/undo/")
    assert copy.catch_up().records == register()
    assert len(copy.seen) == len(set(copy.seen)) == sum(kind.history.count() for kind in record_models())


def test_a_change_is_told_with_who_did_it_to_whom(owner, reader, visitor_program):
    client = program(owner)
    made = client.post("/api/v1/heroes/", {"name": "Owl", "secret_name": "Nora Hidden"}).json()
    client.delete(f"/api/v1/heroes/{made['id']}")
    Disclosure.objects.all().delete()
    created, deleted = Copy(program(reader)).catch_up().changes
    assert (created["kind"], created["action"], created["source"]) == ("hero", "created", "api")
    assert (created["user"], created["record"]) == ("owner", get_row(made))
    assert (deleted["action"], deleted["version"], deleted["record"]) == ("deleted", 2, None)
    assert [change["user"] for change in Copy(visitor_program).catch_up().changes] == [None, None]
    assert not Disclosure.objects.exists()
    told = Copy(client).catch_up().changes
    assert told[0]["record"]["secret_name"] == "Nora Hidden"
    assert Disclosure.objects.first().ids == [made["id"]]


def get_row(record):
    return {name: value for name, value in record.items() if name not in ("team", "secret_name")}


@pytest.mark.parametrize("limit", ["0", "1001", "x"])
def test_a_limit_that_does_not_hold_is_refused(limit, visitor_program):
    assert visitor_program.get(f"{FEED}?limit={limit}").status_code == 400


@pytest.mark.parametrize("query", ["after=x", "after=e30:1vN:x", "affter=x", "cursor=x"])
def test_a_cursor_that_is_none_is_refused(query, visitor_program):
    answer = visitor_program.get(f"{FEED}?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == query.partition("=")[0]


def test_a_cursor_from_before_a_restored_backup_is_refused(visitor_program):
    HeroFactory()
    copy = Copy(visitor_program).catch_up()
    Hero.history.all().delete()
    answer = visitor_program.get(copy.address)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "cursor")
    assert "Start again" in answer.json()["errors"][0]["message"]


def test_after_moving_to_another_database_server_the_feed_begins_anew(visitor_program):
    for _hero in range(3):
        HeroFactory()
    if connection.vendor == "postgresql":
        Hero.history.update(transaction=2**60)
        assert not get(visitor_program, FEED)["caught_up"], "they seem to be of transactions to come"
    renumber_restored()
    copy = Copy(visitor_program).catch_up()
    HeroFactory()
    assert copy.catch_up().records == register()


def test_what_was_erased_is_told_as_nothing(visitor_program):
    hero = HeroFactory(name="Edith Wren")
    hero.name = "Lamplighter"
    hero.save()
    call_command("erase_history", "hero", str(hero.pk), "name", "1", verbosity=0)
    told = Copy(visitor_program).catch_up().changes
    assert [change["record"]["name"] for change in told] == [None, "Lamplighter"]


# With others at work -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [HeroFactory, TeamFactory])
def test_what_commits_late_is_not_skipped(kind):
    written, go = Event(), Event()

    def write_slowly():
        try:
            with transaction.atomic():
                HeroFactory(name="Late")
                written.set()
                go.wait()
        finally:
            connections.close_all()

    HeroFactory(name="Before")
    copy = Copy(program(), limit=1).catch_up()
    slow = Thread(target=write_slowly)
    slow.start()
    written.wait()
    try:
        if connection.vendor == "postgresql":  # the only one on which others can write meanwhile
            for _quick in range(3):
                kind()
        caught_up = copy.read()
        assert caught_up == (connection.vendor != "postgresql"), "who wrote meanwhile is not told yet"
    finally:
        go.set()
        slow.join()
    copy.catch_up()
    assert len(copy.seen) == len(set(copy.seen)) == sum(kind.history.count() for kind in record_models())
    assert copy.records == register()


@contextmanager
def one_moment():
    """All that is read within is as it is at one moment; it keeps nobody from writing."""
    connection.transaction_mode = None  # of SQLite: others write meanwhile
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


@pytest.mark.parametrize("limit", [3, 100])
def test_whenever_it_has_caught_up_the_copy_is_the_register(limit, owner):
    for _team in range(3):
        TeamFactory()
    copy, done = Copy(program(), limit), [False] * 4
    clients = [(browser(owner), program(owner)) for _writer in done]

    def write(seed):
        dice, (page, client) = random.Random(seed), clients[seed]
        for number in range(20):
            ids = list(Hero.objects.values_list("pk", flat=True)) or [0]
            teams = [*Team.objects.values_list("pk", flat=True), None]
            act = dice.randrange(6)
            if act < 2:
                team = {"team_id": dice.choice(teams)}
                client.post("/api/v1/heroes/", {"name": f"{seed} {number}", "secret_name": "x", **team})
            elif act == 2:
                client.patch(f"/api/v1/heroes/{dice.choice(ids)}", {"age": dice.randrange(99)})
            elif act == 3:
                page.post(f"/heroes/{dice.choice(ids)}/delete/")
            elif act == 4:
                client.delete(f"/api/v1/teams/{dice.choice(teams) or 0}")
            else:
                made = ChangeSet.objects.order_by("?").first()
                client.post(f"/api/v1/changesets/{made.pk}/undo", {"anyway": True})

    def follow():
        while not all(done):
            with one_moment():
                if copy.read():
                    assert copy.records == register()

    def worker(seed):
        try:
            write(seed)
        finally:
            done[seed] = True

    in_parallel(follow, *(partial(worker, seed) for seed in range(4)))
    assert copy.catch_up().records == register()
    assert len(copy.seen) == len(set(copy.seen)) == sum(kind.history.count() for kind in record_models())
