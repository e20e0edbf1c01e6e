"""Undo reverses the changes of a change set, except to records that have since been changed."""

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
MODELS = [Hero, Team]


def last():
    return ChangeSet.objects.latest("pk")


def state():
    """Return the values of all records, without versions and times. Checks their keys and history."""
    for record in (*Hero.objects.all(), *Team.objects.all()):
        assert record.name_key == fold(record.name)
        assert type(record).history.filter(id=record.pk).count() == record.version
    heroes = Hero.objects.order_by("pk").values_list("pk", "name", "secret_name", "age", "team")
    return list(heroes), list(Team.objects.order_by("pk").values_list("pk", "name", "headquarters"))


def run_undo(change_set, user, **options):
    with new_change_set(Source.WEBSITE, undoes=change_set):
        return undo(change_set, user, MODELS, **options)


def names(steps):
    return sorted(step.name for step in steps)


@pytest.fixture
def register():
    watch = TeamFactory(name="Night Watch")
    HeroFactory(name="Lamplighter", team=watch, age=41)
    HeroFactory(name="Owl", team=watch)
    HeroFactory(name="Loner", team=None)
    return watch


def test_undo_restores_a_deleted_team_with_its_id_and_members(register, editor):
    before = state()
    register.delete()
    result = run_undo(last(), editor)
    assert (names(result.done), result.skipped) == (["Lamplighter", "Night Watch", "Owl"], [])
    assert state() == before
    team, hero = Team.objects.get(), Hero.objects.get(name="Owl")
    assert (team.version, hero.version) == (3, 3), "the deletion and the undo count one each"


def test_an_undo_can_be_undone(register, editor):
    before = state()
    register.delete()
    after = state()
    run_undo(last(), editor)
    assert state() == before
    run_undo(last(), editor)
    assert state() == after
    run_undo(last(), editor)
    assert state() == before


def test_undo_reverses_edits_creations_and_deletions(register, editor):
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
    result = run_undo(last(), editor)
    assert len(result.done) == 4
    assert state() == before
    assert Hero.objects.get(name="Owl").version == 4, "two edits and the undo"


def test_undo_skips_records_that_have_since_been_changed_unless_requested(register, editor):
    before = state()
    Hero.objects.all().update(age=1)
    change_set = last()
    owl = Hero.objects.get(name="Owl")
    owl.name = "Barn Owl"
    owl.save()
    result = run_undo(change_set, editor)
    assert names(result.done) == ["Lamplighter", "Loner"]
    assert [(step.name, step.skipped) for step in result.skipped] == [("Owl", "Has since been changed.")]
    assert Hero.objects.get(pk=owl.pk).age == 1
    result = run_undo(change_set, editor, anyway=True)
    owl = Hero.objects.get(pk=owl.pk)
    assert (owl.name, owl.age) == ("Barn Owl", before[0][1][3]), "the later change of the name remains"


def test_undo_skips_a_record_whose_name_is_in_use_by_now(register, editor):
    Hero.objects.get(name="Owl").delete()
    change_set = last()
    HeroFactory(name="OWL")
    result = run_undo(change_set, editor)
    assert result.done == []
    assert [step.skipped for step in result.skipped] == ["The name “Owl” is already in use."]
    assert Hero.objects.filter(name_key="owl").count() == 1


def test_undo_skips_a_hero_whose_team_has_been_deleted(register, editor):
    Hero.objects.get(name="Owl").delete()
    change_set = last()
    register.delete()
    result = run_undo(change_set, editor)
    assert [step.skipped for step in result.skipped] == ["The linked record no longer exists: Team."]


def test_undo_reverses_an_exchange_of_names(register, editor):
    before = state()
    with new_change_set(Source.IMPORT), atomic_change_set():
        lamp, owl = Hero.objects.get(name="Lamplighter"), Hero.objects.get(name="Owl")
        owl.name = "Barn Owl"
        owl.save()
        lamp.name = "Owl"
        lamp.save()
    result = run_undo(last(), editor)
    assert result.skipped == []
    assert state() == before


def test_a_preview_agrees_with_the_undo_and_changes_nothing(register, editor):
    register.delete()
    change_set, after, sets = last(), state(), ChangeSet.objects.count()
    preview = preview_undo(change_set, editor, MODELS)
    assert (state(), ChangeSet.objects.count()) == (after, sets)
    result = run_undo(change_set, editor)
    assert names(preview.done) == names(result.done)


def test_undo_needs_permission_for_every_change(register, reader):
    register.delete()
    change_set, after = last(), state()
    clerk = person("clerk")
    clerk.user_permissions.set(clerk.user_permissions.model.objects.filter(codename="change_hero"))
    for user in (reader, clerk):
        with pytest.raises(PermissionDenied):
            run_undo(change_set, user)
    assert state() == after


def test_undoing_twice_changes_nothing(register, editor):
    register.delete()
    change_set = last()
    run_undo(change_set, editor)
    before = state()
    assert run_undo(change_set, editor).done == []
    assert state() == before


def test_undo_restores_a_secret_without_revealing_whether_a_guess_was_right(register, editor):
    owl = Hero.objects.get(name="Owl")
    secret = owl.secret_name
    owl.save(blind_fields=["secret_name"])  # a correct guess by an editor
    right = run_undo(last(), editor)
    owl = Hero.objects.get(name="Owl")
    owl.secret_name = "Someone Else"
    owl.save(blind_fields=["secret_name"])
    wrong = run_undo(last(), editor)
    assert len(right.done) == len(wrong.done) == 1
    owl = Hero.objects.get(name="Owl")
    assert (owl.secret_name, owl.version) == (secret, 5)


# One record -------------------------------------------------------------------------------


def test_a_record_is_reverted_to_an_earlier_version(register, editor):
    owl = Hero.objects.get(name="Owl")
    first = (owl.name, owl.secret_name, owl.age, owl.team)
    for name in ("Barn Owl", "Snowy Owl"):
        owl.name, owl.team = name, None
        owl.save()
    reverted = revert(Hero, Hero.history.get(id=owl.pk, version=1), editor)
    assert (reverted.name, reverted.secret_name, reverted.age, reverted.team, reverted.version) == (*first, 4)
    assert revert(Hero, Hero.history.get(id=owl.pk, version=4), editor).version == 4, "nothing to change"


def test_a_deleted_record_is_restored_at_an_earlier_version(register, editor):
    owl = Hero.objects.get(name="Owl")
    owl.age = 99
    owl.save()
    pk = owl.pk
    owl.delete()
    with pytest.raises(ValidationError, match="It was deleted at this version"):
        revert(Hero, Hero.history.get(id=pk, version=3), editor)
    restored = revert(Hero, Hero.history.get(id=pk, version=1), editor)
    assert (restored.pk, restored.version) == (pk, 4)
    assert restored.age != 99


def test_revert_checks_rules_and_permissions(register, editor, reader):
    owl = Hero.objects.get(name="Owl")
    owl.name = "Barn Owl"
    owl.save()
    HeroFactory(name="Owl")
    with pytest.raises(ValidationError, match="There is already a hero named “Owl”"):
        revert(Hero, Hero.history.get(id=owl.pk, version=1), editor)
    with pytest.raises(PermissionDenied):
        revert(Hero, Hero.history.get(id=owl.pk, version=1), reader)


# Special cases ----------------------------------------------------------------------------


@pytest.mark.parametrize("guess", ["Person right", "Person wrong"])
@pytest.mark.parametrize("method", ["revert", "anyway"])
def test_restoring_a_record_does_not_reveal_whether_a_guess_was_right(guess, method, editor):
    hero = HeroFactory(secret_name="Person right")
    if method == "anyway":
        hero.delete()
        deletion = last()
        run_undo(deletion, editor)
        hero = Hero.objects.get()
    hero.secret_name = guess
    hero.save(blind_fields=["secret_name"])
    hero.delete()
    if method == "revert":
        revert(Hero, Hero.history.get(version=1), editor)
    else:
        run_undo(deletion, editor, anyway=True)
    assert Hero.objects.get().secret_name == "Person right"
    assert Hero.history.latest("version").blind_fields == ["secret_name"]


def test_undo_skips_the_creation_of_a_team_that_heroes_have_joined(editor):
    team = TeamFactory(name="Night Watch")
    change_set = last()
    HeroFactory(name="Owl", team=team)
    result = run_undo(change_set, editor)
    assert [step.skipped for step in result.skipped] == ["Another record links to it."]
    preview = preview_undo(change_set, editor, MODELS, anyway=True)
    assert preview.effects == ["1 hero will be left without a team."]
    run_undo(change_set, editor, anyway=True)
    assert not Team.objects.exists()


def test_undo_keeps_records_older_than_their_history(editor):
    HeroFactory()
    Hero.history.update(history_type=Entry.CHANGED)
    result = run_undo(last(), editor)
    assert [step.skipped for step in result.skipped] == ["Existed before history was recorded."]
    assert Hero.objects.exists()
