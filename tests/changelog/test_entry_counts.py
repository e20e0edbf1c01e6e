"""A change set stores the counts of its entries, whatever wrote them and whatever was rolled back."""

from collections import Counter, defaultdict
from contextlib import contextmanager, suppress

import pytest
from django.db import IntegrityError, connection
from django.db.migrations.executor import MigrationExecutor
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heroes.models import Hero
from heroesite.changelog.erasing import erase
from heroesite.changelog.steps import tallies
from heroesite.changelog.undo.permissions import count_actions, find_actions
from heroesite.records.audit.change_sets import ChangeSet, Source, atomic_change_set, new_change_set
from heroesite.records.models.base import StaleRecord, record_models
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.markup import read
from tests.people import browser, program

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]
API = "/api/v1/heroes/"


def counts_of_entries():
    """Count all entries by change set, without what the site uses to count them."""
    counts = defaultdict(Counter)
    for model in record_models():
        entries = list(model.history.all())
        versions = {(entry.id, entry.version) for entry in entries}
        for entry in entries:
            action = {"~": "changed", "-": "deleted"}.get(entry.history_type, "created")
            if action == "created" and (entry.id, entry.version - 1) in versions:
                action = "restored"
            counts[entry.change_set_id][f"{model._meta.label_lower}.{action}"] += 1
    return counts


def check_counts(after=0):
    """Check the change sets with an id above ``after``, and what an undo of them would do."""
    expected, models = counts_of_entries(), record_models()
    for change_set in ChangeSet.objects.filter(pk__gt=after):
        assert change_set.entry_counts == expected[change_set.pk]
        unknown = ChangeSet(pk=change_set.pk)
        assert tallies([change_set]) == tallies([unknown])
        assert find_actions(change_set, models) == list(count_actions(change_set, models))


class Writes:
    """Writes through the interfaces, each with a number that selects the records."""

    def __init__(self, user):
        self.user, self.page, self.api = user, browser(user), program(user)

    def pick(self, rows, number):
        rows = list(rows)
        return rows[number % len(rows)] if rows else HeroFactory()

    def create(self, number):
        HeroFactory(team=Team.objects.first() if number % 2 else TeamFactory())

    def create_many(self, number):
        Hero.objects.create_all(HeroFactory.build_batch(number % 3))

    def change(self, number):
        hero = self.pick(Hero.objects.all(), number)
        hero.age = number
        hero.save()

    def change_many(self, number):
        Hero.objects.filter(pk__lte=number).update(age=number)

    def change_stale(self, number):
        hero = self.pick(Hero.objects.all(), number)
        stale = Hero.objects.get(pk=hero.pk)
        hero.age, stale.age = (hero.age or 0) + 1, (hero.age or 0) + 2
        hero.save()
        with pytest.raises(StaleRecord), atomic_change_set():
            stale.save()
        assert Hero.objects.filter(pk=hero.pk).delete_all([stale]) == 0
        hero.refresh_from_db()
        hero.age = number
        hero.save()

    def take_a_name(self, number):
        hero = self.pick(Hero.objects.all(), number)
        with suppress(IntegrityError), atomic_change_set():
            TeamFactory()
            HeroFactory(name=hero.name.upper())
            pytest.fail("The name was taken.")

    def delete(self, number):
        self.pick(Hero.objects.all(), number).delete()

    def delete_many(self, number):
        Hero.objects.filter(pk__lte=number).delete()

    def delete_teams(self, number):
        Team.objects.filter(pk__lte=number).delete()

    def restore(self, number):
        hero = self.pick(Hero.objects.all(), number)
        hero.delete()
        assert self.api.post(f"{API}{hero.pk}/history/{hero.version}/revert").status_code == 200

    def undo(self, number):
        change_set = self.pick(ChangeSet.objects.order_by("-pk")[:5], number)
        self.api.post(f"/api/v1/changesets/{change_set.pk}/undo", {"anyway": bool(number % 2)})

    def undo_on_the_page(self, number):
        change_set = self.pick(ChangeSet.objects.order_by("-pk")[:5], number)
        self.page.post(f"/history/{change_set.pk}/undo/")

    def edit(self, number):
        hero = self.pick(Hero.objects.all(), number)
        form = {"name": hero.name, "secret_name": "", "age": number, "team": "", "seen_version": hero.version}
        self.page.post(f"/heroes/{hero.pk}/edit/", form)

    def edit_in_the_admin(self, number):
        form = {"name": f"Owl {number}", "secret_name": "Ada", "age": number, "team": ""}
        self.page.post("/admin/heroes/hero/add/", form)

    def patch(self, number):
        self.api.patch(f"{API}{self.pick(Hero.objects.all(), number).pk}", {"age": number})

    def try_out(self, number):
        rows = [{"name": f"Wren {number}", "secret_name": "Nora"}]
        self.api.post(f"{API}bulk?dry_run=true", rows)

    def send_many(self, number):
        rows = [{"name": f"{name} {number}", "secret_name": "Nora"} for name in ("Wren", "Kite")]
        self.api.post(f"{API}bulk", rows)


@contextmanager
def rolled_back():
    with suppress(ZeroDivisionError), atomic_change_set():
        yield
        raise ZeroDivisionError


BLOCKS = {
    "transaction": atomic_change_set,
    "rolled back": rolled_back,
    "change set": lambda: new_change_set(Source.IMPORT),
}
WRITE = st.tuples(
    st.sampled_from([name for name in vars(Writes) if name[0] != "_" and name != "pick"]), st.integers(0, 30)
)
STEP = st.recursive(
    WRITE, lambda step: st.tuples(st.sampled_from([*BLOCKS]), st.lists(step, max_size=4)), max_leaves=10
)


def run(writes, step):
    name, argument = step
    if name in BLOCKS:
        with BLOCKS[name]():
            for inner in argument:
                run(writes, inner)
    else:
        getattr(writes, name)(argument)


def test_the_stored_counts_are_those_of_the_entries(administrator):
    writes = Writes(administrator)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(STEP, min_size=1, max_size=4))
    def check(steps):
        last = ChangeSet.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        for step in steps:
            run(writes, step)
        check_counts(after=last)

    check()


@pytest.mark.parametrize(("writes", "updates"), [(1, 0), (2, 1), (5, 1)])
def test_a_transaction_stores_the_counts_of_later_writes_with_one_statement(writes, updates):
    with CaptureQueriesContext(connection) as queries, atomic_change_set():
        HeroFactory.create_batch(writes)
    changing = [query["sql"] for query in queries if query["sql"].startswith('UPDATE "records_changeset"')]
    assert len(changing) == updates
    check_counts()


def test_each_write_of_a_change_set_is_committed_together_with_its_count():
    with new_change_set(Source.IMPORT):
        HeroFactory()
        check_counts()
        hero = HeroFactory()
        check_counts()
        hero.delete()
        check_counts()


def test_erasing_values_keeps_the_counts():
    hero = HeroFactory(name="Lamplighter")
    hero.name = "Owl"
    hero.save()
    before = {change_set.pk: change_set.entry_counts for change_set in ChangeSet.objects.all()}
    assert erase(Hero, hero.pk, "name", [1]) == [1]
    check_counts()
    erasing = ChangeSet.objects.exclude(pk__in=before).get()
    assert erasing.entry_counts == {}


@pytest.fixture
def imported():
    """A change set in which records of two types were created, changed, deleted and restored."""
    deleted = HeroFactory()
    deleted.delete()
    with new_change_set(Source.IMPORT) as context, atomic_change_set():
        heroes = HeroFactory.create_batch(3, team=TeamFactory())
        Hero.objects.update(age=1)
        deleted.version += 2
        Hero.objects.create_all([deleted])
        heroes[0].team.delete()
        heroes[1].delete()
    return ChangeSet.objects.get(pk=context.change_set_id)


def responses(client, api, pk):
    """What pages and API show about the change set."""
    page = (
        read(client.get("/history/")).one("tbody").text,
        read(client.get(f"/history/{pk}/")).one("main").text,
    )
    return *page, [api.get(f"/api/v1/changesets/{address}").json() for address in ("", pk)]


def test_counts_that_are_not_stored_are_counted(imported, administrator):
    client, api = browser(administrator), program(administrator)
    shown = responses(client, api, imported.pk)
    assert (
        "1 team created, 1 team deleted, 3 heroes created, 1 hero restored, 1 hero deleted, 6 heroes changed"
        in shown[0]
    )
    ChangeSet.objects.update(entry_counts=None)
    assert responses(client, api, imported.pk) == shown
    assert client.post(f"/history/{imported.pk}/undo/").status_code == 302


def test_counts_of_a_record_type_that_is_no_longer_installed_are_ignored(imported, administrator):
    client, api = browser(administrator), program(administrator)
    shown = responses(client, api, imported.pk)
    ChangeSet.objects.filter(pk=imported.pk).update(
        entry_counts={**imported.entry_counts, "villains.villain.created": 3}
    )
    assert responses(client, api, imported.pk) == shown


def migrate(name):
    executor = MigrationExecutor(connection)
    targets = [("records", name)] if name else executor.loader.graph.leaf_nodes("records")
    executor.migrate(targets)


def test_the_migration_counts_the_entries_of_existing_change_sets(imported):
    ChangeSet.objects.create(source=Source.COMMAND)  # without entries
    new = HeroFactory().history.get().change_set
    stored = list(ChangeSet.objects.exclude(pk=new.pk).values_list("pk", "entry_counts"))
    migrate("0006_entry_counts")
    ChangeSet.objects.update(entry_counts=None)
    ChangeSet.objects.filter(pk=new.pk).update(entry_counts={"heroes.hero.created": 2})
    migrate(None)
    expected = [(pk, counts or {}) for pk, counts in stored]
    assert list(ChangeSet.objects.exclude(pk=new.pk).values_list("pk", "entry_counts")) == expected
    new.refresh_from_db()
    assert new.entry_counts == {"heroes.hero.created": 2}, "a newer version of the site has counted these"
