"""Change sets are listed by time, so a filter by time selects consecutive ones.

Ids have almost the same order. They differ if change sets are made at the same time.
"""

import random
from datetime import UTC, datetime, timedelta

import pytest

from heroesite.records.audit.change_sets import ChangeSet
from tests.cases import Cases
from tests.markup import read

pytestmark = pytest.mark.django_db
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
COUNT = 30
SOURCES, USERS = ["api", "website"], ["", "editor", "administrator"]


def create(times):
    return ChangeSet.objects.bulk_create(
        ChangeSet(at=BEGINNING + timedelta(seconds=second), source=SOURCES[n % 2], username=USERS[n % 3])
        for n, second in enumerate(times)
    )


def mixed_up(seed):
    """Return times that grow with the ids, except that neighbours are mixed up and some are the same."""
    choices = random.Random(seed)
    return [n + choices.choice([-2.5, 0, 0, 0.25, 1, 3]) for n in range(COUNT)]


def in_query(at):
    return at.isoformat().replace("+00:00", "Z")


def ranges(choices):
    """Yield pairs of bounds, either of which may be missing, some of them the times of change sets."""
    for _range in range(15):
        bounds = sorted(BEGINNING + timedelta(seconds=choices.randrange(-8, COUNT * 2) / 2) for _n in "ab")
        yield choices.choice([(bounds[0], None), (None, bounds[1]), tuple(bounds), tuple(bounds[::-1])])


@pytest.mark.parametrize("seed", range(3))
def test_a_filter_by_time_finds_the_same_as_a_comparison_of_each(seed, editor_program, editor_browser):
    everything = create(mixed_up(seed))
    choices = random.Random(seed)
    with Cases() as case:
        for start, end in ranges(choices):
            source, user = choices.choice([None, *SOURCES]), choices.choice([None, *USERS[1:]])
            expected = [
                one
                for one in everything
                if (start is None or one.at >= start)
                and (end is None or one.at <= end)
                and source in (None, one.source)
                and user in (None, one.username)
            ]
            expected.sort(key=lambda one: (one.at, one.pk), reverse=True)
            bounds = {"at__gte": start and in_query(start), "at__lte": end and in_query(end)}
            values = {**bounds, "source": source, "user": user}
            query = "&".join(f"{name}={value}" for name, value in values.items() if value)
            with case(query):
                ids, address = [], f"/api/v1/changesets/?{query}&limit=4"
                while address:
                    page = editor_program.get(address).json()
                    assert page["count"] == len(expected)
                    ids += [row["id"] for row in page["results"]]
                    address = page["next"]
                assert ids == [one.pk for one in expected]
                rows = read(editor_browser.get(f"/history/?{query}")).all("th", scope="row")
                assert [cell.one("a")["href"] for cell in rows] == [f"/history/{pk}/" for pk in ids]


def test_change_sets_whose_times_grow_with_their_ids_are_listed_by_id(visitor_program):
    everything = create(n // 3 for n in range(COUNT))
    ids = [row["id"] for row in visitor_program.get("/api/v1/changesets/").json()["results"]]
    assert ids == sorted((one.pk for one in everything), reverse=True)
