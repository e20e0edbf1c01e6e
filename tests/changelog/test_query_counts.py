"""Queries per response of the history: the same with few rows as with many."""

import pytest

from heroes.models import Hero
from heroesite.records.audit.change_sets import ChangeSet, Source, atomic_change_set, new_change_set
from tests.factories import HeroFactory, TeamFactory
from tests.people import browser, program
from tests.records.test_query_counts import cost

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[1, 40], ids=["few rows", "many rows"])
def register(request):
    """A hero with that many versions, each in another team, of which half are deleted; that many change sets,
    one of them with that many entries; and that many deleted heroes."""
    teams = TeamFactory.create_batch(request.param + 1)
    hero = HeroFactory(team=teams[-1])
    for team in teams[:-1]:
        hero.team = team
        hero.save()
    for team in teams[:-1:2]:
        team.delete()
    for hero_to_delete in HeroFactory.create_batch(request.param):
        hero_to_delete.delete()
    with new_change_set(Source.IMPORT), atomic_change_set():
        Hero.objects.update(age=1)
        Hero.objects.create_all([HeroFactory.build(name=f"New {n}") for n in range(request.param)])
        for created in Hero.objects.all():
            created.age = 2
            created.save()
    return {"hero": hero.pk, "change_set": ChangeSet.objects.first().pk}


COSTS = [
    ("visitor", [5, 2, 3, 4], [2, 3, 4]),
    ("keeper", [7, 4, 5, 7], [4, 4, 6]),
]
PAGES = ["/heroes/{hero}/history/", "/heroes/deleted/", "/history/", "/history/{change_set}/"]
API = ["/api/v1/heroes/{hero}/history/", "/api/v1/changesets/", "/api/v1/changesets/{change_set}/"]


@pytest.mark.parametrize(("who", "pages", "api"), COSTS)
def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(who, pages, api, register, request):
    user = None if who == "visitor" else request.getfixturevalue(who)
    assert [cost(browser(user), address.format(**register)) for address in PAGES] == pages
    assert [cost(program(user), address.format(**register)) for address in API] == api
