"""Writes that meet leave a history without gaps, lose no update, and never answer 500."""

from functools import partial

import pytest

from heroes.models import Hero
from heroesite.records.audit.change_sets import ChangeSet
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.people import browser, program
from tests.threads import in_parallel

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]
ROUNDS = 6


def without_gaps(kind, pk):
    """Whether each version of a record is in the history once, and the last is the stored one."""
    versions = list(kind.history.filter(id=pk).order_by("version").values_list("version", flat=True))
    stored = kind.objects.filter(pk=pk).values_list("version", flat=True).first()
    return versions == list(range(1, len(versions) + 1)) and stored in (None, versions[-1])


def test_of_sixteen_writers_who_saw_the_same_version_one_is_accepted(owner):
    hero = HeroFactory(age=None)
    address = f"/api/v1/heroes/{hero.pk}"
    clients = [program(owner) for _number in range(16)]
    for _round in range(3):
        tag = clients[0].get(address)["ETag"]
        before = Hero.objects.get().version
        answers = in_parallel(
            *(
                partial(client.patch, address, {"age": 100 * before + age}, headers={"If-Match": tag})
                for age, client in enumerate(clients)
            )
        )
        accepted = [answer for answer in answers if answer.status_code == 200]
        assert sorted(answer.status_code for answer in answers) == [200] + [412] * 15
        stored = Hero.objects.get()
        assert stored.version == before + len(accepted)
        assert stored.age == accepted[0].json()["age"]
    assert without_gaps(Hero, hero.pk)


def test_sixteen_writers_at_three_interfaces_lose_no_update(owner):
    hero = HeroFactory(age=None)
    values = {"name": hero.name, "secret_name": "", "team": "", "seen_version": "1"}
    sends = []
    for number in range(16):
        form = {**values, "age": str(number)}
        if number % 3 == 0:
            sends.append(partial(browser(owner).post, f"/heroes/{hero.pk}/edit/", form))
        elif number % 3 == 1:
            sends.append(partial(browser(owner).post, f"/admin/heroes/hero/{hero.pk}/change/", form))
        else:
            sends.append(partial(program(owner).patch, f"/api/v1/heroes/{hero.pk}", {"age": number}))
    answers = in_parallel(*sends)
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {200, 302, 409}
    accepted = statuses.count(200) + statuses.count(302)
    assert accepted >= 5, "all programs, who said nothing of a version"
    assert Hero.objects.get().version == 1 + accepted
    assert without_gaps(Hero, hero.pk)


def test_an_edit_and_a_deletion_come_one_after_the_other(owner):
    editing, deleting = program(owner), browser(owner)
    for number in range(ROUNDS):
        hero = HeroFactory()
        edited, deleted = in_parallel(
            partial(editing.patch, f"/api/v1/heroes/{hero.pk}", {"age": number}),
            partial(deleting.post, f"/heroes/{hero.pk}/delete/"),
        )
        assert (edited.status_code in (200, 404), deleted.status_code) == (True, 302)
        assert Hero.deletion_entry(hero.pk).version == (3 if edited.status_code == 200 else 2)
        assert without_gaps(Hero, hero.pk)


def test_an_edit_and_an_undo_come_one_after_the_other(owner):
    editing, undoing = program(owner), program(owner)
    for number in range(ROUNDS):
        hero = HeroFactory(age=1)
        editing.patch(f"/api/v1/heroes/{hero.pk}", {"age": 2})
        change_set = ChangeSet.objects.latest("pk")
        edited, undone = in_parallel(
            partial(editing.patch, f"/api/v1/heroes/{hero.pk}", {"age": 100 + number}),
            partial(undoing.post, f"/api/v1/changesets/{change_set.pk}/undo/"),
        )
        assert edited.status_code == 200
        assert undone.status_code in (200, 409)
        hero.refresh_from_db()
        assert hero.age == 100 + number, "either it was left alone, or changed after the undo"
        assert without_gaps(Hero, hero.pk)


def test_a_member_edited_while_the_deletion_of_its_team_is_undone(owner):
    editing, undoing = program(owner), program(owner)
    for number in range(ROUNDS):
        team = TeamFactory()
        heroes = HeroFactory.create_batch(3, team=team)
        team.delete()
        change_set = ChangeSet.objects.latest("pk")
        edited, undone = in_parallel(
            partial(editing.patch, f"/api/v1/heroes/{heroes[1].pk}", {"age": 100 + number}),
            partial(undoing.post, f"/api/v1/changesets/{change_set.pk}/undo/"),
        )
        assert (edited.status_code, undone.status_code) == (200, 200)
        assert Team.objects.filter(pk=team.pk).exists()
        assert Hero.objects.get(pk=heroes[1].pk).age == 100 + number
        assert all(without_gaps(Hero, hero.pk) for hero in heroes)
