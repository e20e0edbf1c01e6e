"""Undo: what a change set did is taken back, and what was changed since is left alone."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from heroes.models import Hero
from heroesite.changelog.revert import revert
from heroesite.changelog.undo.execution import undo
from heroesite.changelog.undo.preview import preview_undo
from heroesite.records.audit.change_sets import ChangeSet, Source, atomic_change_set, new_change_set
from heroesite.records.audit.entries import Entry
from heroesite.text import fold
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.people import person

pytestmark = pytest.mark.django_db
KINDS = [Hero, Team]


def last():
    return ChangeSet.objects.latest("pk")


def state():
    """The whole register, without versions and times."""
    for record in (*Hero.objects.all(), *Team.objects.all()):
        assert record.name_key == fold(record.name)
        assert type(record).history.filter(id=record.pk).count() == record.version
    heroes = Hero.objects.order_by("pk").values_list("pk", "name", "secret_name", "age", "team")
    return list(heroes), list(Team.objects.order_by("pk").values_list("pk", "name", "headquarters"))


def doing(change_set, user, **how):
    with new_change_set(Source.WEBSITE, undoes=change_set):
        return undo(change_set, user, KINDS, **how)


def names(steps):
    return sorted(step.name for step in steps)


@pytest.fixture
def register():
    watch = TeamFactory(name="Night Watch")
    HeroFactory(name="Lamplighter", team=watch, age=41)
    HeroFactory(name="Owl", team=watch)
    HeroFactory(name="Loner", team=None)
    return watch


def test_a_deleted_team_comes_back_with_its_id_and_its_members(register, editor):
    before = state()
    register.delete()
    undone = doing(last(), editor)
    assert (names(undone.done), undone.skipped) == (["Lamplighter", "Night Watch", "Owl"], [])
    assert state() == before
    team, hero = Team.objects.get(), Hero.objects.get(name="Owl")
    assert (team.version, hero.version) == (3, 3), "deletion and return count one each"


def test_an_undo_is_undone_in_turn(register, editor):
    before = state()
    register.delete()
    after = state()
    doing(last(), editor)
    assert state() == before
    doing(last(), editor)
    assert state() == after
    doing(last(), editor)
    assert state() == before


def test_edits_return_and_creations_go(register, editor):
    before = state()
    with new_change_set(Source.IMPORT, note="a test"), atomic_change_set():
        owl = Hero.objects.get(name="Owl")
        owl.name, owl.age = "Barn Owl", 7
        owl.save()
        owl.team = None
        owl.save()
        new_team = TeamFactory(name="Day Watch")
        HeroFactory(name="Sparrow", team=new_team)
        Hero.objects.get(name="Loner").delete()
    undone = doing(last(), editor)
    assert len(undone.done) == 4
    assert state() == before
    assert Hero.objects.get(name="Owl").version == 4, "two edits and one return"


def test_what_was_changed_since_is_left_alone_unless_one_says_otherwise(register, editor):
    before = state()
    Hero.objects.all().update(age=1)
    change_set = last()
    owl = Hero.objects.get(name="Owl")
    owl.name = "Barn Owl"
    owl.save()
    undone = doing(change_set, editor)
    assert names(undone.done) == ["Lamplighter", "Loner"]
    assert [(step.name, step.skipped) for step in undone.skipped] == [("Owl", "Has since been changed.")]
    assert Hero.objects.get(pk=owl.pk).age == 1
    undone = doing(change_set, editor, anyway=True)
    owl = Hero.objects.get(pk=owl.pk)
    assert (owl.name, owl.age) == ("Barn Owl", before[0][1][3]), "the later change of the name is kept"


def test_a_name_that_is_taken_since_is_told_and_nobody_is_renamed(register, editor):
    Hero.objects.get(name="Owl").delete()
    change_set = last()
    HeroFactory(name="OWL")
    undone = doing(change_set, editor)
    assert undone.done == []
    assert [step.skipped for step in undone.skipped] == ["The name “Owl” is already in use."]
    assert Hero.objects.filter(name_key="owl").count() == 1


def test_a_hero_whose_team_has_gone_is_told(register, editor):
    Hero.objects.get(name="Owl").delete()
    change_set = last()
    register.delete()
    undone = doing(change_set, editor)
    assert [step.skipped for step in undone.skipped] == ["The linked record no longer exists: Team."]


def test_names_that_were_handed_on_are_handed_back(register, editor):
    before = state()
    with new_change_set(Source.IMPORT), atomic_change_set():
        lamp, owl = Hero.objects.get(name="Lamplighter"), Hero.objects.get(name="Owl")
        owl.name = "Barn Owl"
        owl.save()
        lamp.name = "Owl"
        lamp.save()
    undone = doing(last(), editor)
    assert undone.skipped == []
    assert state() == before


def test_a_rehearsal_says_the_same_and_does_nothing(register, editor):
    register.delete()
    change_set, after, sets = last(), state(), ChangeSet.objects.count()
    told = preview_undo(change_set, editor, KINDS)
    assert (state(), ChangeSet.objects.count()) == (after, sets)
    undone = doing(change_set, editor)
    assert names(told.done) == names(undone.done)


def test_one_who_may_not_do_all_of_it_does_nothing_of_it(register, reader):
    register.delete()
    change_set, after = last(), state()
    clerk = person("clerk")
    clerk.user_permissions.set(clerk.user_permissions.model.objects.filter(codename="change_hero"))
    for user in (reader, clerk):
        with pytest.raises(PermissionDenied):
            doing(change_set, user)
    assert state() == after


def test_an_undone_change_set_is_not_undone_again(register, editor):
    register.delete()
    change_set = last()
    doing(change_set, editor)
    before = state()
    assert doing(change_set, editor).done == []
    assert state() == before


def test_a_secret_returns_and_whether_it_was_guessed_is_not_told(register, editor):
    owl = Hero.objects.get(name="Owl")
    secret = owl.secret_name
    owl.save(blind_fields=["secret_name"])  # an editor blind_writes right
    right = doing(last(), editor)
    owl = Hero.objects.get(name="Owl")
    owl.secret_name = "Somebody Else"
    owl.save(blind_fields=["secret_name"])
    wrong = doing(last(), editor)
    assert len(right.done) == len(wrong.done) == 1
    owl = Hero.objects.get(name="Owl")
    assert (owl.secret_name, owl.version) == (secret, 5)


# One record -------------------------------------------------------------------------------


def test_a_record_is_made_as_it_was_at_an_entry(register, editor):
    owl = Hero.objects.get(name="Owl")
    first = (owl.name, owl.secret_name, owl.age, owl.team)
    for name in ("Barn Owl", "Snowy Owl"):
        owl.name, owl.team = name, None
        owl.save()
    back = revert(Hero, Hero.history.get(id=owl.pk, version=1), editor)
    assert (back.name, back.secret_name, back.age, back.team, back.version) == (*first, 4)
    assert revert(Hero, Hero.history.get(id=owl.pk, version=4), editor).version == 4, "nothing to change"


def test_a_deleted_record_comes_back_as_it_was_at_an_entry(register, editor):
    owl = Hero.objects.get(name="Owl")
    owl.age = 99
    owl.save()
    pk = owl.pk
    owl.delete()
    with pytest.raises(ValidationError, match="It was deleted at this version"):
        revert(Hero, Hero.history.get(id=pk, version=3), editor)
    back = revert(Hero, Hero.history.get(id=pk, version=1), editor)
    assert (back.pk, back.version) == (pk, 4)
    assert back.age != 99


def test_reverting_asks_the_rules_and_the_permissions(register, editor, reader):
    owl = Hero.objects.get(name="Owl")
    owl.name = "Barn Owl"
    owl.save()
    HeroFactory(name="Owl")
    with pytest.raises(ValidationError, match="There is already a hero named “Owl”"):
        revert(Hero, Hero.history.get(id=owl.pk, version=1), editor)
    with pytest.raises(PermissionDenied):
        revert(Hero, Hero.history.get(id=owl.pk, version=1), reader)


# What others have found -------------------------------------------------------------------


@pytest.mark.parametrize("guess", ["Person right", "Person wrong"])
@pytest.mark.parametrize("way", ["revert", "anyway"])
def test_a_way_back_from_a_deletion_does_not_tell_whether_a_guess_was_right(guess, way, editor):
    hero = HeroFactory(secret_name="Person right")
    if way == "anyway":
        hero.delete()
        deletion = last()
        doing(deletion, editor)
        hero = Hero.objects.get()
    hero.secret_name = guess
    hero.save(blind_fields=["secret_name"])
    hero.delete()
    if way == "revert":
        revert(Hero, Hero.history.get(version=1), editor)
    else:
        doing(deletion, editor, anyway=True)
    assert Hero.objects.get().secret_name == "Person right"
    assert Hero.history.latest("version").blind_fields == ["secret_name"]


def test_a_team_that_others_have_joined_is_left_alone(editor):
    team = TeamFactory(name="Night Watch")
    change_set = last()
    HeroFactory(name="Owl", team=team)
    undone = doing(change_set, editor)
    assert [step.skipped for step in undone.skipped] == ["Another record links to it."]
    told = preview_undo(change_set, editor, KINDS, anyway=True)
    assert told.effects == ["1 hero will be left without a team."]
    doing(change_set, editor, anyway=True)
    assert not Team.objects.exists()


def test_undo_keeps_records_older_than_their_history(editor):
    HeroFactory()
    Hero.history.update(history_type=Entry.CHANGED)
    undone = doing(last(), editor)
    assert [step.skipped for step in undone.skipped] == ["Existed before history was recorded."]
    assert Hero.objects.exists()
