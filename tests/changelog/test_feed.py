"""The feed lists each change once and skips none, so that programs can keep a copy of the register."""

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
from heroesite.records.registry import record_types
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.people import browser, program
from tests.threads import in_parallel

FEED = "/api/v1/changes/"
# On PostgreSQL the feed lists a change only after its transaction, so these tests commit.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]


def get(client, address):
    response = client.get(address)
    assert response.status_code == 200, response.content
    return response.json()


class Copy:
    """A copy of the register: of each record, the change with the highest version."""

    def __init__(self, client, limit=100):
        self.client, self.address = client, f"{FEED}?limit={limit}"
        self.last, self.seen, self.changes = {}, [], []

    def read(self):
        """Read the next page. Returns whether it was the last."""
        response = get(self.client, self.address)
        self.address = response["next"]
        self.changes += response["results"]
        for change in response["results"]:
            self.seen.append((change["kind"], change["id"], change["version"]))
            key = change["kind"], change["id"]
            if key not in self.last or self.last[key]["version"] < change["version"]:
                self.last[key] = change
        return response["caught_up"]

    def catch_up(self):
        """Read all pages. Returns the copy."""
        while not self.read():  # other tests' transactions on the same server can hold up the feed
            pass
        return self

    @property
    def records(self):
        return {key: change["record"] for key, change in self.last.items() if change["record"]}


def register():
    """Return the records of the register by type and id, as visitors read them."""
    rows = {}
    for record_type in record_types():
        address = f"/api/v1/{record_type.prefix}/?cursor=*"
        while address:
            page = get(program(), address)
            rows |= {(record_type.basename, row["id"]): row for row in page["results"]}
            address = page["next"]
    return rows


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_the_copy_agrees_with_the_register(limit, owner, visitor_program):
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
    assert len(copy.seen) == len(set(copy.seen)) == sum(model.history.count() for model in record_models())


def test_a_change_names_its_user_to_signed_in_users_only(owner, reader, visitor_program):
    client = program(owner)
    hero = client.post("/api/v1/heroes/", {"name": "Owl", "secret_name": "Nora Hidden"}).json()
    client.delete(f"/api/v1/heroes/{hero['id']}")
    Disclosure.objects.all().delete()
    created, deleted = Copy(program(reader)).catch_up().changes
    assert (created["kind"], created["action"], created["source"]) == ("hero", "created", "api")
    assert (created["user"], created["record"]) == ("owner", get_row(hero))
    assert (deleted["action"], deleted["version"], deleted["record"]) == ("deleted", 2, None)
    assert [change["user"] for change in Copy(visitor_program).catch_up().changes] == [None, None]
    assert not Disclosure.objects.exists()
    first, _second = Copy(client).catch_up().changes
    assert first["record"]["secret_name"] == "Nora Hidden"
    assert Disclosure.objects.first().ids == [hero["id"]]


def get_row(record):
    return {name: value for name, value in record.items() if name not in ("team", "secret_name")}


@pytest.mark.parametrize("limit", ["0", "1001", "x"])
def test_an_invalid_limit_is_rejected(limit, visitor_program):
    assert visitor_program.get(f"{FEED}?limit={limit}").status_code == 400


@pytest.mark.parametrize("query", ["after=x", "after=e30:1vN:x", "affter=x", "cursor=x"])
def test_an_invalid_cursor_or_unknown_parameter_is_rejected(query, visitor_program):
    response = visitor_program.get(f"{FEED}?{query}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["parameter"] == query.partition("=")[0]


def test_a_cursor_from_before_a_backup_was_restored_is_rejected(visitor_program):
    HeroFactory()
    copy = Copy(visitor_program).catch_up()
    Hero.history.all().delete()
    response = visitor_program.get(copy.address)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "cursor")
    assert "Start again" in response.json()["errors"][0]["message"]


def test_the_feed_works_after_a_move_to_another_database_server(visitor_program):
    for _hero in range(3):
        HeroFactory()
    if connection.vendor == "postgresql":
        Hero.history.update(transaction=2**60)
        assert not get(visitor_program, FEED)["caught_up"], "their transactions are later than this server's"
    renumber_restored()
    copy = Copy(visitor_program).catch_up()
    HeroFactory()
    assert copy.catch_up().records == register()


def test_an_erased_value_is_null(visitor_program):
    hero = HeroFactory(name="Edith Wren")
    hero.name = "Lamplighter"
    hero.save()
    call_command("erase_history", "hero", str(hero.pk), "name", "1", verbosity=0)
    changes = Copy(visitor_program).catch_up().changes
    assert [change["record"]["name"] for change in changes] == [None, "Lamplighter"]


# While others write ----------------------------------------------------------------------------


@pytest.mark.parametrize("factory", [HeroFactory, TeamFactory])
def test_a_change_that_is_committed_late_is_not_skipped(factory):
    written, commit = Event(), Event()

    def write_slowly():
        try:
            with transaction.atomic():
                HeroFactory(name="Late")
                written.set()
                commit.wait()
        finally:
            connections.close_all()

    HeroFactory(name="Before")
    copy = Copy(program(), limit=1).catch_up()
    slow = Thread(target=write_slowly)
    slow.start()
    written.wait()
    try:
        if connection.vendor == "postgresql":  # on SQLite nobody else can write
            for _time in range(3):
                factory()
        caught_up = copy.read()
        assert caught_up == (connection.vendor != "postgresql"), "the feed waits for the open transaction"
    finally:
        commit.set()
        slow.join()
    copy.catch_up()
    assert len(copy.seen) == len(set(copy.seen)) == sum(model.history.count() for model in record_models())
    assert copy.records == register()


@contextmanager
def snapshot():
    """Read everything as of the same moment, without locking others out."""
    connection.transaction_mode = None  # of SQLite: don't lock the database
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


@pytest.mark.parametrize("limit", [3, 100])
def test_the_copy_agrees_with_the_register_whenever_it_has_caught_up(limit, owner):
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
                change_set = ChangeSet.objects.order_by("?").first()
                client.post(f"/api/v1/changesets/{change_set.pk}/undo", {"anyway": True})

    def follow():
        while not all(done):
            with snapshot():
                if copy.read():
                    assert copy.records == register()

    def worker(seed):
        try:
            write(seed)
        finally:
            done[seed] = True

    in_parallel(follow, *(partial(worker, seed) for seed in range(4)))
    assert copy.catch_up().records == register()
    assert len(copy.seen) == len(set(copy.seen)) == sum(model.history.count() for model in record_models())
