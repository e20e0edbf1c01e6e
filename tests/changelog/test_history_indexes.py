"""Lists of the history are read from an index, so they aren't slower in a long history."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from heroes.models import Hero
from heroesite.changelog.feed import Positions
from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.audit.entries import Entry
from tests.factories import HeroFactory

pytestmark = pytest.mark.django_db
RECORDS, CHANGE_SETS = 3000, 3000
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
EARLY, LATE = BEGINNING + timedelta(seconds=50), BEGINNING + timedelta(seconds=2950)


@pytest.fixture
def history(db):
    """Many change sets, and one transaction with many entries."""
    Hero.objects.create_all([HeroFactory.build(name=f"Owl {n}", team=None) for n in range(RECORDS)])
    Hero.objects.named(["Owl 7"]).delete()
    ChangeSet.objects.bulk_create(
        ChangeSet(
            at=BEGINNING + timedelta(seconds=n),
            source="import" if n % 500 == 7 else "api",
            username="editor" if n % 500 == 7 else "",
        )
        for n in range(CHANGE_SETS)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


LISTS = {
    "deleted records": (
        lambda: Hero.history.filter(history_type=Entry.DELETED).order_by("-history_id"),
        "heroes_hero_deleted",
    ),
    "changes from a source": (lambda: ChangeSet.objects.filter(source="import"), "records_cha_source"),
    "changes by a user": (lambda: ChangeSet.objects.filter(username="editor"), "records_cha_usernam"),
    "changes": (lambda: ChangeSet.objects.all(), "records_cha_at"),
    "changes until a time": (lambda: ChangeSet.objects.filter(at__lte=EARLY), "records_cha_at"),
    "changes from a time on": (lambda: ChangeSet.objects.filter(at__gte=LATE), "records_cha_at"),
    "changes between times": (
        lambda: ChangeSet.objects.filter(at__gte=EARLY, at__lte=EARLY + timedelta(seconds=9)),
        "records_cha_at",
    ),
    "changes from a source until a time": (
        lambda: ChangeSet.objects.filter(source="import", at__lte=LATE),
        "records_cha_source",
    ),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_from_an_index(name, history):
    rows, index = LISTS[name]
    explained = rows()[:100].explain()
    assert index in explained
    assert "Sort" not in explained
    assert "TEMP B-TREE" not in explained


def test_the_feed_reads_no_entry_again(history):
    """Within a transaction, it doesn't read those before its place. They may belong to a large import."""
    entry = Hero.history.order_by("history_id")[RECORDS // 2]
    place = Positions({"heroes.hero": (entry.transaction, entry.history_id)})
    for entries in place.ranges_after(Hero):
        explained = entries[:100].explain()
        assert "SCAN" not in explained.upper().replace("INDEX SCAN", "")
        assert "Sort" not in explained
        assert "TEMP B-TREE" not in explained
