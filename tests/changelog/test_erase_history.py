"""A value that must not be kept can be erased, and that it was is recorded."""

from io import StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django_tasks_db.models import DBTaskResult

from heroes.models import Hero
from heroesite.api.models import IdempotencyKey
from heroesite.changelog.revert import revert
from heroesite.changelog.undo.execution import undo
from heroesite.records.audit.change_sets import ChangeSet
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.markup import form_with, read

pytestmark = pytest.mark.django_db
LEAKED = "Edith Wren Herself"


def erase(*arguments):
    out = StringIO()
    call_command("erase_history", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.fixture
def hero(editor_browser):
    """A hero whose secret name stood in the name for two versions."""
    hero = HeroFactory(name="Lamplighter")
    for form in ({"name": LEAKED, "age": "41"}, {"name": LEAKED, "age": "42"}, {"name": "Lamplighter"}):
        hero.refresh_from_db()
        form = {"secret_name": "", "age": "42", "team": "", "seen_version": hero.version} | form
        assert editor_browser.post(f"/admin/heroes/hero/{hero.pk}/change/", form).status_code == 302
    return hero


def test_the_value_goes_from_every_entry_and_from_the_admins_log(hero, editor):
    assert erase("hero", hero.pk, "name", 2) == "Erased at versions: 2, 3.\n"
    kept = str(list(Hero.history.values())) + str(list(LogEntry.objects.values()))
    assert LEAKED not in kept
    assert [entry.erased for entry in Hero.history.order_by("version")] == [[], ["name"], ["name"], []]
    recorded = ChangeSet.objects.latest("pk")
    assert (recorded.door, recorded.note) == (
        "command",
        f"erase_history: name of hero {hero.pk}, versions 2, 3",
    )
    with pytest.raises(ValidationError, match="was erased"):
        revert(Hero, Hero.history.get(id=hero.pk, version=2), editor)


def test_a_stored_answer_forgets_it_too(editor_program):
    for _time in range(2):
        body = {"name": f"{LEAKED} Ω", "secret_name": "x"}
        headers = {"Idempotency-Key": "once"}
        answer = editor_program.post("/api/v1/heroes/", body, headers=headers)
        assert answer.status_code == 201
    pk = answer.json()["id"]
    editor_program.patch(f"/api/v1/heroes/{pk}", {"name": "Lamplighter"})
    erase("hero", pk, "name", 1)
    assert LEAKED not in str(list(IdempotencyKey.objects.values()))
    again = editor_program.post("/api/v1/heroes/", body, headers=headers)
    assert (again.status_code, again.json()["name"]) == (201, "(erased)")
    assert again["Idempotency-Replayed"] == "true"
    assert Hero.objects.count() == 1


def test_an_answer_that_holds_the_value_within_a_sentence_is_forgotten(editor_program):
    HeroFactory(name=LEAKED)
    body, headers = {"name": LEAKED, "secret_name": "x"}, {"Idempotency-Key": "refused"}
    assert editor_program.post("/api/v1/heroes/", body, headers=headers).status_code == 422
    hero = Hero.objects.get()
    hero.name = "Lamplighter"
    hero.save()
    erase("hero", hero.pk, "name", 1)
    assert LEAKED not in str(list(IdempotencyKey.objects.values()))


def test_what_was_erased_has_to_be_filled_in_anew_to_bring_a_record_back(editor_browser):
    hero = HeroFactory(secret_name=LEAKED)
    hero.delete()
    erase("hero", hero.pk, "secret_name", 1)
    answer = editor_browser.post(f"/heroes/{hero.pk}/restore/")
    page = read(answer)
    assert answer.status_code == 409
    assert "This field is required." in page.text
    form, button = form_with(page, "name"), page.one("button", name="bring_back")
    sent = {**form.values(), "secret_name": "Somebody", "bring_back": button["value"]}
    assert editor_browser.post(form["action"], sent).status_code == 302
    assert Hero.objects.get().secret_name == "Somebody"


@pytest.mark.parametrize("guess", ["right", "wrong"])
def test_erasing_a_secret_does_not_tell_whether_a_guess_was_right(guess):
    hero = HeroFactory(secret_name="right")
    for secret in (guess, "fresh"):
        hero.secret_name = secret
        hero.save(sent=["secret_name"])
    assert erase("hero", hero.pk, "secret_name", 1) == "Erased at versions: 1, 2.\n"


def test_a_job_that_was_told_the_value_goes(hero):
    DBTaskResult.objects.create(
        task_path="heroesite.jobs.sweep", args_kwargs={"args": [LEAKED], "kwargs": {}}, backend_name="default"
    )
    erase("hero", hero.pk, "name", 2)
    assert not DBTaskResult.objects.exists()


def test_an_undo_does_not_bring_an_erased_value_back(hero, editor):
    leaving = Hero.history.get(id=hero.pk, version=4).change_set
    erase("hero", hero.pk, "name", 3)
    undone = undo(leaving, editor, [Hero, Team])
    (skipped,) = undone.skipped
    assert [skipped.skipped] == ["The previous value of Name has been erased from the history."]
    assert Hero.objects.get().name == "Lamplighter"


def test_an_age_can_be_erased(editor):
    hero = HeroFactory(age=41)
    hero.age = None
    hero.save()
    erase("hero", hero.pk, "age", 1)
    assert Hero.history.get(version=1).age is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("villain", 1, "name", 1), "There is no kind “villain”; there are: hero, team."),
        (("hero", "{pk}", "motto", 1), "There is no field “motto”; there are: name, secret_name, age, team."),
        (("hero", "{pk}", "name", 9), "has no version 9."),
        (("hero", "{pk}", "name", 1), "still has this value. Change it first, then run this again."),
    ],
)
def test_what_cannot_be_erased_is_told_and_nothing_is_done(arguments, words):
    hero = HeroFactory()
    TeamFactory()
    with pytest.raises(CommandError) as error:
        erase(*(str(argument).format(pk=hero.pk) for argument in arguments))
    assert words in str(error.value)
    assert not Hero.history.exclude(erased=[]).exists()
