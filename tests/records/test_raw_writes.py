"""Writes that would bypass versions and history raise an error."""

import ast

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models import F

from heroes.models import Hero
from tests.__main__ import ROOT
from tests.factories import HeroFactory, TeamFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "write",
    [
        lambda heroes, hero: heroes.bulk_update([hero], ["age"]),
        lambda heroes, hero: heroes.bulk_create([Hero(name="x", secret_name="x")]),
        lambda heroes, hero: heroes.all()._raw_delete("default"),
    ],
)
def test_djangos_own_bulk_writes_raise_an_error(write):
    hero = HeroFactory(age=41)
    with pytest.raises(TypeError, match="they record versions and history"):
        write(Hero.objects, hero)
    assert list(Hero.objects.values_list("age", "version")) == [(41, 1)]


def written(record):
    """The version of a record, and that of its last entry in the history."""
    record = type(record).objects.get(pk=record.pk)
    return record.version, record.history.first().version


def test_an_update_counts_for_those_that_it_changes():
    hero, other = HeroFactory(age=41), HeroFactory(age=1)
    assert Hero.objects.update(age=1) == 1
    assert written(hero) == (2, 2)
    assert written(other) == (1, 1)


def test_an_update_of_a_name_can_be_found_by_it():
    hero = HeroFactory()
    Hero.objects.filter(pk=hero.pk).update(name="ÉCLAIR")
    assert Hero.objects.search(["éclair"]).get() == hero


def test_an_update_with_expressions_raises_an_error():
    hero = HeroFactory(age=41)
    with pytest.raises(TypeError, match="can't record an expression for age"):
        Hero.objects.update(age=F("age") + 1)
    assert written(hero) == (1, 1)


@pytest.mark.parametrize(
    "write",
    [
        lambda team, hero: team.heroes.add(hero),
        lambda team, hero: team.heroes.set([hero]),
        lambda team, hero: team.heroes.add(hero, bulk=False),
    ],
)
def test_a_link_written_from_the_other_side_counts(write):
    team, hero = TeamFactory(), HeroFactory(team=None)
    write(team, hero)
    assert written(hero) == (2, 2)
    team.heroes.clear()
    assert written(hero) == (3, 3)
    assert Hero.objects.get().team is None


def test_fixtures_cannot_be_loaded(tmp_path):
    hero = HeroFactory(age=41)
    call_command("dumpdata", "heroes.hero", output=tmp_path / "heroes.json", verbosity=0)
    Hero.objects.update(age=42)
    with pytest.raises(CommandError, match="Use the API"):
        call_command("loaddata", tmp_path / "heroes.json", verbosity=0)
    assert Hero.objects.get().age == 42
    assert written(hero) == (2, 2)


def test_only_known_files_can_bypass_the_history():
    """Two packages write records, one file the cache's table; others create indexes, read or lock."""
    ways = {"_base_manager", "unrecorded", "_raw_delete", "save_base", "cursor"}
    files = [file for app in ("heroesite", "heroes", "teams") for file in (ROOT / app).rglob("*.py")]
    uses = {
        str(file.relative_to(ROOT))
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ways
    }
    assert len(files) > 50
    models, database = "heroesite/records/models", "heroesite/database"
    assert uses <= {
        f"{models}/base.py",
        f"{models}/operations.py",
        f"{models}/querysets.py",
        f"{models}/search_indexes.py",
        f"{database}/lock.py",
        f"{database}/timeouts.py",
        f"{database}/outages.py",
        f"{database}/statements.py",
        f"{database}/sqlite3/base.py",
        "heroesite/caches.py",
        "heroesite/records/counts.py",
        "heroesite/records/audit/writing.py",
    }
