"""A search finds every name that contains the term or, if it is short, a word that starts with it."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.apps import apps
from django.db import connection, connections, transaction

from heroes.models import Hero
from heroesite.records.filters.ids_first import rows_at
from heroesite.records.models.search_indexes import create_search_indexes, has_index, index_name
from heroesite.text import fold, search_key
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.searching import is_found

pytestmark = pytest.mark.django_db
LETTERS = "aAbBßÉé😀漢' \"%_-*^(){}\\İi\u0307\u0301¨\u00a0\u05d0\u05d1\u0627\U0001f468\u200d"


def random_name(choices, length):
    return "".join(choices.choice(LETTERS) for _letter in range(length)).strip()


def check(choices, names):
    """Check that searches for parts of names and for other texts find the same as comparing each name."""
    for _search in range(60):
        name = choices.choice(names)
        start = choices.randrange(len(name))
        part = name[start : start + choices.randint(1, 6)].strip() or "x"
        word = choices.choice(
            [part, part.swapcase(), random_name(choices, 4) or "y", choices.choice(LETTERS)]
        )
        for model in (Hero, Team):
            names_by_key = model.objects.values_list("pk", "name")
            expected = {pk for pk, name in names_by_key if is_found([word], name)}
            assert set(model.objects.search([word]).values_list("pk", flat=True)) == expected, word


@pytest.fixture(params=["with index", "without index"])
def index(request, monkeypatch):
    if request.param == "without index":
        monkeypatch.setattr("heroesite.records.models.search_indexes.LENGTH", 1000)


@pytest.mark.parametrize("seed", range(3))
def test_a_search_finds_the_same_names_as_a_comparison_of_each(seed, index):
    choices = random.Random(seed)
    names = list(
        {fold(name): name for name in (random_name(choices, 9) for _n in range(60)) if name}.values()
    )
    teams = TeamFactory.create_batch(2)
    for name in names[:30]:
        with suppress(Exception), transaction.atomic():
            HeroFactory(name=name, team=choices.choice(teams))
    stored = list(Hero.objects.all())
    Hero.objects.create_all([Hero(name=f"{name} II", secret_name="x") for name in names[30:]])
    check(choices, [hero.name for hero in Hero.objects.all()])
    for hero in stored[:10]:
        hero.name = f"{hero.name[::-1].strip()} III"
        hero.save()
    Hero.objects.filter(pk__in=[hero.pk for hero in stored[10:15]]).delete()
    Hero.objects.filter(pk=stored[15].pk).update(name="aBßé éééé")
    with suppress(ZeroDivisionError), transaction.atomic():
        Hero.objects.all().delete()
        raise ZeroDivisionError
    check(choices, [hero.name for hero in Hero.objects.all()])


def has_extension():
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM pg_extension WHERE extname = 'pg_trgm'")
        return cursor.fetchone()[0] == 1


@pytest.mark.parametrize("term", ["owl", "ow", "o"])
def test_a_search_reads_the_index(term):
    TeamFactory.create_batch(3)
    plan_of_search = Hero.objects.search([term]).order_by().explain
    if connection.vendor == "postgresql":
        if has_extension():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")
            assert index_name(Hero) in plan_of_search()
    else:
        plan = plan_of_search()
        assert "VIRTUAL TABLE INDEX" in plan
        assert "SCAN heroes_hero\n" not in f"{plan}\n"


@pytest.fixture
def plan_of(db):
    """Return a function that explains a page of a search, read from an index if possible."""
    HeroFactory.create_batch(3)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for method in ("seqscan", "bitmapscan", "sort", "incremental_sort"):
                cursor.execute(f"SET LOCAL enable_{method} = off")

    def explain(has_few_matches):
        found = Hero.objects.search(["he"])
        return rows_at(found, 0, 2, has_few_matches=has_few_matches).values("pk").explain()

    return explain


def test_a_search_with_many_matches_compares_names_in_the_index_that_sorts_them(plan_of):
    if connection.vendor == "postgresql":
        assert "Index Only Scan using heroes_hero_name_ke" in plan_of(has_few_matches=False)


def test_a_search_with_few_matches_finds_and_sorts_them(plan_of):
    """Whatever PostgreSQL estimates, it doesn't compare all names in their order to find the first page."""
    if connection.vendor == "postgresql":
        page = plan_of(has_few_matches=True).partition("Sort Key: ((SubPlan")[2]
        assert page
        assert not has_extension() or index_name(Hero) in page
    else:
        assert "TEMP B-TREE" in plan_of(has_few_matches=True)


WIDEST = {
    "characters that stand for whole words": "㌖" * 60 + "\U00020000" * 40,
    "words of two characters": " \U00020000\U00020001" * 13 + "㌖" * 60 + "\U00020000",
    "words within one character": "ﷺ" * 22,
    "the widest characters": "".join(chr(0x20000 + n) for n in range(100)),
    "short words": "\U00020000 " * 50,
}
"""Names whose folded copies and search keys have the most bytes, which an index has to contain."""


@pytest.mark.parametrize("name", WIDEST)
def test_the_widest_names_are_stored_and_found(name):
    name = WIDEST[name].strip()
    assert len(fold(name).encode() + search_key(name).encode()) < 2660
    hero = HeroFactory.build(name=name)
    hero.full_clean()
    hero.save()
    assert Hero.objects.search([name]).get() == hero
    Team.objects.create_all([TeamFactory.build(name=name)])
    assert Team.objects.search([name[0]]).get().name == name


def test_a_name_that_starts_with_a_text_is_found_in_a_range_of_an_index():
    found = Hero.objects.filter(name_key__startswith="ow").order_by()
    if connection.vendor == "sqlite":
        assert "(name_key>? AND name_key<?)" in found.explain()


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("a", ["Ant Owl", "Malcolm A"]),
        ("ow", ["Ant Owl", "Owl"]),
        ("O", ["Ant Owl", "O", "Owl"]),
        ("wl", []),
        ("owl", ["Ant Owl", "Fowler", "Owl"]),
        ("ß", ["SSamurai"]),
        ("%", ["%"]),
        ("_", []),
        ("é", ["Élan"]),
        ("e\u0301", ["Élan"]),
        ("no", ["X-Ray No-one"]),
        ("ra", []),
    ],
)
def test_a_short_term_finds_the_starts_of_words(term, found):
    names = [
        "Ant Owl",
        "Malcolm A",
        "Owl",
        "O",
        "Fowler",
        "SSamurai",
        "Stra\u00dfe",
        "%",
        "5%",
        "Élan",
        "X-Ray No-one",
    ]
    for name in names:
        HeroFactory(name=name, team=None)
    assert sorted(Hero.objects.search([term]).values_list("name", flat=True)) == found


def test_the_first_query_of_a_thread_can_be_a_search():
    with ThreadPoolExecutor(1) as threads:
        found = threads.submit(lambda: (list(Hero.objects.search(["owl"])), connections.close_all()))
        assert found.result() == ([], None)


def test_a_missing_index_is_created_by_the_next_migration():
    """A migration that rebuilds a table on SQLite removes its triggers. Searches then read all names."""
    if connection.vendor == "sqlite":
        name = index_name(Hero)
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TRIGGER {name}_insert")
        connection.schema.clear()  # as in a new connection
        hero = HeroFactory(name="Nightjar")
        assert not has_index(connection, name)
        assert Hero.objects.search(["nightjar"]).get() == hero
        create_search_indexes(apps.get_app_config("heroes"), "default")
        assert has_index(connection, name)
        assert Hero.objects.search(["nightjar"]).get() == hero


def test_a_migration_drops_the_index_of_earlier_versions():
    former = index_name(Hero, "name_key")
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            table = "heroes_hero"
            cursor.execute(
                f"CREATE VIRTUAL TABLE {former} USING fts5(name_key, content={table}, content_rowid=id,"
                " tokenize='trigram case_sensitive 1')"
            )
            cursor.execute(
                f"CREATE TRIGGER {former}_insert AFTER INSERT ON {table} BEGIN"
                f" INSERT INTO {former} (rowid, name_key) VALUES (new.id, new.name_key); END"
            )
        else:
            cursor.execute(f"CREATE INDEX {former} ON heroes_hero (name_key)")
        create_search_indexes(apps.get_app_config("heroes"), "default")
        schema = "sqlite_master" if connection.vendor == "sqlite" else "pg_class"
        column = "name" if connection.vendor == "sqlite" else "relname"
        cursor.execute(f"SELECT {column} FROM {schema} WHERE {column} LIKE %s", [f"{former}%"])
        assert cursor.fetchall() == []
    assert not Hero.objects.search(["owl"])
