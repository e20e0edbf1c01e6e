"""A value that must not be stored can be erased, and this is recorded."""

from io import StringIO
from urllib.parse import urlencode

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.http import QueryDict
from django_tasks_db.models import DBTaskResult

from heroes.models import Hero
from heroesite.api.models import IdempotencyKey
from heroesite.changelog.revert import revert
from heroesite.changelog.undo.execution import undo
from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.models import SavedView
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
    """A hero that had a secret in its name for two versions."""
    hero = HeroFactory(name="Lamplighter")
    for form in ({"name": LEAKED, "age": "41"}, {"name": LEAKED, "age": "42"}, {"name": "Lamplighter"}):
        hero.refresh_from_db()
        form = {"secret_name": "", "age": "42", "team": "", "seen_version": hero.version} | form
        assert editor_browser.post(f"/admin/heroes/hero/{hero.pk}/change/", form).status_code == 302
    return hero


def test_the_value_is_erased_from_every_entry_and_from_the_admins_log(hero, editor):
    assert erase("hero", hero.pk, "name", 2) == "Erased from versions: 2, 3.\n"
    stored = str(list(Hero.history.values())) + str(list(LogEntry.objects.values()))
    assert LEAKED not in stored
    assert [entry.erased for entry in Hero.history.order_by("version")] == [[], ["name"], ["name"], []]
    recorded = ChangeSet.objects.latest("pk")
    assert (recorded.source, recorded.note) == (
        "command",
        f"erase_history: name of hero {hero.pk}, versions 2, 3",
    )
    with pytest.raises(ValidationError, match="has been erased"):
        revert(Hero, Hero.history.get(id=hero.pk, version=2), editor)


def test_the_value_is_erased_from_a_stored_response(editor_program):
    for _time in range(2):
        body = {"name": f"{LEAKED} Ω", "secret_name": "x"}
        headers = {"Idempotency-Key": "once"}
        response = editor_program.post("/api/v1/heroes/", body, headers=headers)
        assert response.status_code == 201
    pk = response.json()["id"]
    editor_program.patch(f"/api/v1/heroes/{pk}", {"name": "Lamplighter"})
    erase("hero", pk, "name", 1)
    assert LEAKED not in str(list(IdempotencyKey.objects.values()))
    again = editor_program.post("/api/v1/heroes/", body, headers=headers)
    assert (again.status_code, again.json()["name"]) == (201, "(erased)")
    assert again["Idempotency-Replayed"] == "true"
    assert Hero.objects.count() == 1


def test_a_stored_response_with_the_value_within_a_sentence_is_deleted(editor_program):
    HeroFactory(name=LEAKED)
    body, headers = {"name": LEAKED, "secret_name": "x"}, {"Idempotency-Key": "refused"}
    assert editor_program.post("/api/v1/heroes/", body, headers=headers).status_code == 422
    hero = Hero.objects.get()
    hero.name = "Lamplighter"
    hero.save()
    erase("hero", hero.pk, "name", 1)
    assert LEAKED not in str(list(IdempotencyKey.objects.values()))


def test_an_erased_value_has_to_be_entered_again_to_restore_a_record(editor_browser):
    hero = HeroFactory(secret_name=LEAKED)
    hero.delete()
    erase("hero", hero.pk, "secret_name", 1)
    response = editor_browser.post(f"/heroes/{hero.pk}/restore/")
    page = read(response)
    assert response.status_code == 409
    assert "This field is required." in page.text
    form, button = form_with(page, "name"), page.one("button", name="restore_version")
    sent = {**form.values(), "secret_name": "Someone", "restore_version": button["value"]}
    assert editor_browser.post(form["action"], sent).status_code == 302
    assert Hero.objects.get().secret_name == "Someone"


@pytest.mark.parametrize("guess", ["right", "wrong"])
def test_erasing_a_secret_does_not_reveal_whether_a_guess_was_right(guess):
    hero = HeroFactory(secret_name="right")
    for secret in (guess, "fresh"):
        hero.secret_name = secret
        hero.save(blind_fields=["secret_name"])
    assert erase("hero", hero.pk, "secret_name", 1) == "Erased from versions: 1, 2.\n"


def test_a_job_with_the_value_in_its_arguments_is_deleted(hero):
    DBTaskResult.objects.create(
        task_path="heroesite.jobs.sweep", args_kwargs={"args": [LEAKED], "kwargs": {}}, backend_name="default"
    )
    erase("hero", hero.pk, "name", 2)
    assert not DBTaskResult.objects.exists()


def test_an_undo_does_not_restore_an_erased_value(hero, editor):
    last = Hero.history.get(id=hero.pk, version=4).change_set
    erase("hero", hero.pk, "name", 3)
    result = undo(last, editor, [Hero, Team])
    (skipped,) = result.skipped
    assert [skipped.skipped] == ["The previous value of Name has been erased from the history."]
    assert Hero.objects.get().name == "Lamplighter"


def test_an_age_can_be_erased(editor):
    hero = HeroFactory(age=41)
    hero.age = None
    hero.save()
    erase("hero", hero.pk, "age", 1)
    assert Hero.history.get(version=1).age is None


def save_view(client, name, **query):
    """Save a view of the list of heroes and return it."""
    sent = {"name": name, "query": urlencode(query)}
    assert client.post("/heroes/views/", sent).status_code == 302
    return SavedView.objects.latest("pk")


@pytest.mark.parametrize("value", [LEAKED, LEAKED.upper(), f"{LEAKED} Ω", f"a {LEAKED}, again"])
def test_the_value_is_erased_from_the_queries_of_saved_views(value, hero, editor_browser):
    view = save_view(editor_browser, "Mine", search=value, age__gte="3")
    erase("hero", hero.pk, "name", 2)
    view.refresh_from_db()
    assert QueryDict(view.query).dict() == {"search": "(erased)", "age__gte": "3"}
    page = editor_browser.get(f"/heroes/views/{view.key}/", follow=True)
    assert not read(page).one("main").all("a", href=f"/heroes/{hero.pk}/")


def test_the_value_is_erased_from_the_names_of_saved_views(hero, editor_browser):
    views = [save_view(editor_browser, name, age="3") for name in (LEAKED, f"Not {LEAKED.lower()}", "Wren")]
    erase("hero", hero.pk, "name", 2)
    names = [SavedView.objects.get(pk=view.pk).name for view in views]
    assert names == ["(erased)", "(erased) 2", "Wren"]
    assert LEAKED.casefold() not in str(list(SavedView.objects.values())).casefold()
    for view in views:
        assert SavedView.objects.get(pk=view.pk).query == "age=3"


def test_a_saved_view_with_the_value_within_a_longer_word_is_left_alone(editor_browser):
    hero = HeroFactory(name="Owl")
    hero.name = "Lamplighter"
    hero.save()
    view = save_view(editor_browser, "Prowling", search="Howler")
    erase("hero", hero.pk, "name", 1)
    view.refresh_from_db()
    assert (view.name, view.query) == ("Prowling", "search=Howler")


def test_a_saved_view_whose_query_would_become_too_long_is_deleted(editor, editor_browser):
    hero = HeroFactory(name="X")
    hero.name = "Lamplighter"
    hero.save()
    query = "&".join(["name=x"] * 1000)
    SavedView.objects.create(user=editor, kind="heroes.hero", name="Mine", query=query)
    erase("hero", hero.pk, "name", 1)
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("villain", 1, "name", 1), "Unknown record type “villain”. Use one of: hero, team."),
        (("hero", "{pk}", "motto", 1), "Unknown field “motto”. Use one of: name, secret_name, age, team."),
        (("hero", "{pk}", "name", 9), "has no version 9."),
        (("hero", "{pk}", "name", 1), "has this value. Change it, then try again."),
    ],
)
def test_an_error_is_reported_and_nothing_is_erased(arguments, message):
    hero = HeroFactory()
    TeamFactory()
    with pytest.raises(CommandError) as error:
        erase(*(str(argument).format(pk=hero.pk) for argument in arguments))
    assert message in str(error.value)
    assert not Hero.history.exclude(erased=[]).exists()
