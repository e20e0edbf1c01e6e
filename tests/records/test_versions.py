"""Versions count the changes of a record, at all interfaces."""

import pytest
from django.db import transaction

from heroes.models import Hero
from heroesite.records.models.base import StaleRecord
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.markup import fill_in
from tests.people import browser, program

pytestmark = pytest.mark.django_db


def by_page(user, record, **values):
    fill_in(browser(user), f"/{record._meta.app_label}/{record.pk}/edit/", **texts(values))


def by_admin(user, record, **values):
    address = f"/admin/{record._meta.app_label}/{record._meta.model_name}/{record.pk}/change/"
    fill_in(browser(user), address, press="_save", **texts(values))


def by_put(user, record, **values):
    members = ("name", "secret_name", "age", "team_id")
    send_json(program(user).put, record, {name: getattr(record, name) for name in members}, values)


def by_patch(user, record, **values):
    send_json(program(user).patch, record, {}, values)


def send_json(send, record, stored, values):
    members = {"team_id" if name == "team" else name: value for name, value in values.items()}
    response = send(f"/api/v1/heroes/{record.pk}", stored | members)
    assert response.status_code == 200
    assert response.json()["version"] == Hero.objects.get(pk=record.pk).version


def by_model(user, record, **values):
    stored = Hero.objects.get(pk=record.pk)
    for name, value in values.items():
        setattr(stored, "team_id" if name == "team" else name, value)
    stored.save()


def texts(values):
    return {name: "" if value is None else str(value) for name, value in values.items()}


WAYS = [by_page, by_admin, by_put, by_patch, by_model]
ways = pytest.mark.parametrize("way", WAYS)


def times(record):
    return type(record).objects.values_list("version", "created_at", "updated_at").get(pk=record.pk)


def test_a_record_begins_at_version_1_at_every_interface(editor):
    fill_in(browser(editor), "/heroes/new/", name="A", secret_name="x")
    fill_in(browser(editor), "/admin/heroes/hero/add/", press="_save", name="B", secret_name="x")
    response = program(editor).post("/api/v1/heroes/", {"name": "C", "secret_name": "x"})
    HeroFactory(name="D")
    Hero.objects.create_all([Hero(name="E", secret_name="x")])
    assert response.json()["version"] == 1
    assert list(Hero.objects.values_list("name", "version")) == [(name, 1) for name in "ABCDE"]


@ways
def test_each_change_counts_one(way, keeper):
    hero, team = HeroFactory(age=1), TeamFactory()
    for count, values in enumerate([{"name": "Owl"}, {"age": 2}, {"age": None}, {"team": team.pk}], 2):
        hero.refresh_from_db()
        before = times(hero)
        way(keeper, hero, **values)
        version, created, updated = times(hero)
        assert version == count
        assert created == before[1]
        assert updated > before[2]


@ways
def test_saving_stored_values_creates_no_version(way, keeper):
    hero = HeroFactory(name="Owl", age=41, team=TeamFactory())
    before = times(hero)
    way(keeper, hero, name="Owl", age=41, team=hero.team_id)
    assert times(hero) == before
    way(keeper, hero)
    assert times(hero) == before


@ways
def test_a_rejected_change_has_no_version(way, keeper):
    hero = HeroFactory(name="Owl")
    HeroFactory(name="Taken")
    before = times(hero)
    if way in (by_page, by_admin):
        way(keeper, hero, name="taken")
    elif way is not by_model:
        response = program(keeper).patch(f"/api/v1/heroes/{hero.pk}", {"name": "taken"})
        assert response.status_code == 422
    assert times(hero) == before


@pytest.mark.parametrize("way", [by_page, by_admin])
def test_a_change_of_a_team_counts_one_for_the_team_and_none_for_its_heroes(way, editor):
    team = TeamFactory()
    hero = HeroFactory(team=team)
    way(editor, team, headquarters="Elsewhere")
    assert (times(team)[0], times(hero)[0]) == (2, 1)


def test_of_two_copies_the_second_to_be_saved_is_stale():
    hero = HeroFactory(name="Owl", age=1)
    mine, theirs = Hero.objects.get(), Hero.objects.get()
    theirs.age = 2
    theirs.save()
    mine.name = "Night Owl"
    with pytest.raises(StaleRecord), transaction.atomic():
        mine.save()
    hero.refresh_from_db()
    assert (hero.name, hero.age, hero.version) == ("Owl", 2, 2)


def test_a_stale_copy_read_again_can_be_saved():
    HeroFactory(name="Owl", age=1)
    mine, theirs = Hero.objects.get(), Hero.objects.get()
    theirs.age = 2
    theirs.save()
    mine.refresh_from_db()
    mine.name = "Night Owl"
    mine.save()
    row = Hero.objects.get()
    assert (row.name, row.age, row.version) == ("Night Owl", 2, 3)


def test_one_instance_can_be_saved_repeatedly():
    hero = HeroFactory()
    for age in (1, 2, 3):
        hero.age = age
        hero.save()
    assert hero.version == Hero.objects.get().version == 4


def test_a_copy_of_a_deleted_record_cannot_be_saved():
    hero = HeroFactory()
    copy = Hero.objects.get()
    hero.delete()
    copy.age = 7
    with pytest.raises(StaleRecord), transaction.atomic():
        copy.save()
    assert not Hero.objects.exists()


def test_a_blind_write_counts_as_a_change_even_if_equal():
    hero = HeroFactory()
    hero.save(blind_fields=["secret_name"])
    assert Hero.objects.get().version == 2


def test_changing_many_counts_one_for_each_and_none_for_the_others():
    old, older, other = HeroFactory(age=70), HeroFactory(age=80), HeroFactory(age=7)
    before = times(old)
    Hero.objects.filter(age__gte=70).update(age=9)
    assert list(Hero.objects.order_by("pk").values_list("age", "version")) == [(9, 2), (9, 2), (7, 1)]
    assert times(old)[1] == before[1]
    assert times(old)[2] > before[2]
    assert times(older)[2] == times(old)[2]
    assert times(other)[0] == 1


# Deleting a team --------------------------------------------------------------------------


def delete_by_page(editor, team):
    fill_in(browser(editor), f"/teams/{team.pk}/delete/")


def delete_by_api(editor, team):
    assert program(editor).delete(f"/api/v1/teams/{team.pk}").status_code == 204


def delete_by_admin(editor, team):
    fill_in(browser(editor), f"/admin/teams/team/{team.pk}/delete/", post="yes")


def delete_selected_in_admin(editor, team):
    selection = {"action": "delete_selected", "_selected_action": [team.pk], "post": "yes"}
    browser(editor).post("/admin/teams/team/", selection)


def delete_record(editor, team):
    team.delete()


def delete_queryset(editor, team):
    Team.objects.filter(pk=team.pk).delete()


DELETIONS = [
    delete_by_page,
    delete_by_api,
    delete_by_admin,
    delete_selected_in_admin,
    delete_record,
    delete_queryset,
]


@pytest.mark.parametrize("delete", DELETIONS)
def test_deleting_a_team_changes_each_of_its_heroes(delete, editor):
    team, other = TeamFactory(), TeamFactory()
    members = [HeroFactory(team=team) for _number in range(3)]
    outsiders = [HeroFactory(team=other), HeroFactory(team=None)]
    before = {hero.pk: times(hero) for hero in members + outsiders}
    delete(editor, team)
    assert list(Team.objects.all()) == [other]
    for hero in members:
        version, created, updated = times(hero)
        assert version == 2
        assert created == before[hero.pk][1]
        assert updated > before[hero.pk][2]
        assert Hero.objects.get(pk=hero.pk).team is None
    for hero in outsiders:
        assert times(hero) == before[hero.pk]
        assert Hero.objects.get(pk=hero.pk).team == hero.team


@pytest.mark.parametrize("how", ["page", "selection"])
def test_the_admin_first_shows_what_deleting_a_team_will_change(how, editor_browser):
    teams = TeamFactory.create_batch(2)
    for team in teams:
        HeroFactory.create_batch(2, team=team)
    if how == "page":
        response = editor_browser.get(f"/admin/teams/team/{teams[0].pk}/delete/")
        words = "2 heroes will be left without a team."
    else:
        selection = {"action": "delete_selected", "_selected_action": [team.pk for team in teams]}
        response = editor_browser.post("/admin/teams/team/", selection)
        words = "4 heroes will be left without a team."
    assert words in response.content.decode()
    assert Team.objects.count() == 2


def test_deleting_many_teams_changes_each_hero_once(editor):
    teams = TeamFactory.create_batch(3)
    for team in teams:
        HeroFactory(team=team)
    Team.objects.all().delete()
    assert list(Hero.objects.values_list("team", "version")) == [(None, 2)] * 3


def test_a_copy_of_a_member_is_stale_once_its_team_is_deleted():
    team = TeamFactory()
    copy = HeroFactory(team=team)
    team.delete()
    copy.age = 7
    with pytest.raises(StaleRecord), transaction.atomic():
        copy.save()
    assert Hero.objects.get().team is None


def test_saving_some_fields_updates_the_version_and_the_folded_copies_too():
    team = TeamFactory(name="Alpha", headquarters="Here")
    team.name, team.headquarters = "Beta", "There"
    team.save(update_fields=["headquarters"])
    stored = Team.objects.get()
    assert (stored.name, stored.headquarters, stored.headquarters_key) == ("Alpha", "There", "there")
    assert stored.version == team.version == 2
    team.save()
    stored.refresh_from_db()
    assert (stored.name, stored.name_key, stored.version) == ("Beta", "beta", 3)


def test_a_record_loaded_in_part_is_saved_under_its_version_or_not_at_all():
    TeamFactory(name="Alpha")
    team = Team.objects.only("name", "version").get()
    team.name = "Beta"
    team.save()
    stored = Team.objects.get()
    assert (stored.name, stored.name_key, stored.version) == ("Beta", "beta", 2)
    team = Team.objects.only("name").get()
    team.name = "Gamma"
    with pytest.raises(ValueError, match="Load the field version too"):
        team.save()
    assert Team.objects.get().name == "Beta"
