"""Forms on pages: they keep what was typed, explain each fault, and say what they did."""

import pytest

from heroes.models import Hero
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.markup import fill_in, form_with, read
from tests.people import browser

pytestmark = pytest.mark.django_db

REQUIRED = "This field is required."


def faults_of(page, field):
    """What the field's own words of fault are, found as a screen reader finds them."""
    control = page.one(name=field)
    assert control["aria-invalid"] == "true"
    described = [page.one(id=name) for name in control["aria-describedby"].split()]
    return " ".join(element.text for element in described if "field-errors" in element.classes)


def messages_of(answer):
    return [message.one("span").text for message in read(answer).one("ul", class_="messages").all("li")]


FAULTY = [
    ({"name": ""}, {"name": REQUIRED}),
    ({"age": "old"}, {"age": "Enter a whole number, such as 41."}),
    ({"age": "-1"}, {"age": "Enter a whole number from 0 to 1,000,000."}),
    ({"name": "x" * 101}, {"name": "Ensure this value has at most 100 characters (it has 101)."}),
    ({"name": "TAKEN"}, {"name": "There is already a hero named “Taken”. Choose another name."}),
    (
        {"name": "", "age": "1.5", "secret_name": "a\u202eb"},
        {
            "name": REQUIRED,
            "age": "Enter a whole number, such as 41.",
            "secret_name": "Character 2 is U+202E RIGHT-TO-LEFT OVERRIDE, which isn't allowed. Remove it.",
        },
    ),
]


@pytest.mark.parametrize(("typed", "faults"), FAULTY)
@pytest.mark.parametrize("action", ["new", "edit"])
def test_each_fault_is_explained_at_its_field_and_in_the_summary(action, typed, faults, editor_browser):
    HeroFactory(name="Taken")
    hero = HeroFactory(name="Lamplighter")
    address = "/heroes/new/" if action == "new" else f"/heroes/{hero.pk}/edit/"
    values = {"name": "Owl", "secret_name": "Somebody", "age": "41", "team": ""} | typed
    answer = fill_in(editor_browser, address, **values)
    page = read(answer)
    assert answer.status_code == 422
    assert {name: faults_of(page, name) for name in faults} == faults
    for name in values.keys() - faults.keys():
        assert "aria-invalid" not in page.one(name=name).attributes
    summary = page.one("div", role="alert")
    assert "autofocus" in summary.attributes
    assert summary["tabindex"] == "-1"
    for link, (name, words) in zip(summary.all("li"), sorted_as(page, faults), strict=True):
        assert link.one("a")["href"] == f"#{page.one(name=name)['id']}"
        assert words in link.text
    assert Hero.objects.get(pk=hero.pk).version == 1
    assert Hero.objects.count() == 2


def sorted_as(page, faults):
    """The faults in the order of their fields on the page."""
    order = list(form_with(page, *faults).values())
    return sorted(faults.items(), key=lambda item: order.index(item[0]))


@pytest.mark.parametrize("action", ["new", "edit"])
def test_a_refused_form_keeps_what_was_typed(action, editor_browser):
    team = TeamFactory()
    address = "/heroes/new/" if action == "new" else f"/heroes/{HeroFactory().pk}/edit/"
    typed = {"name": "<b>Owl</b> & “Sons”", "secret_name": "Nora", "age": "41 years", "team": str(team.pk)}
    page = read(fill_in(editor_browser, address, **typed))
    kept = form_with(page, "name").values()
    assert {name: kept[name] for name in typed} == typed


def test_a_refused_form_keeps_even_a_team_that_is_none(editor_browser):
    page = read(editor_browser.post("/heroes/new/", {"name": "", "age": "7", "team": "999999"}))
    assert faults_of(page, "team") == "There is no such record. Choose one from the register."
    assert form_with(page, "name").values()["age"] == "7"


def test_a_refused_form_still_says_which_record_it_is_about(editor_browser):
    hero = HeroFactory(name="Lamplighter")
    page = read(fill_in(editor_browser, f"/heroes/{hero.pk}/edit/", name="", age="x"))
    assert page.one("h1").text == "Edit Lamplighter"


@pytest.mark.parametrize("kind", ["heroes", "teams"])
def test_every_description_a_field_points_to_is_on_the_page(kind, editor_browser):
    for data in ({}, {"name": ""}):
        send = editor_browser.post if data else editor_browser.get
        page = read(send(f"/{kind}/new/", data))
        for control in page:
            for name in control.attributes.get("aria-describedby", "").split():
                page.one(id=name)
        ids = [element["id"] for element in page if "id" in element.attributes]
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize("kind", ["heroes", "teams"])
def test_every_field_has_its_label(kind, editor_browser):
    page = read(editor_browser.get(f"/{kind}/new/"))
    for name in form_with(page, "name").values():
        if name not in ("csrfmiddlewaretoken", "submission"):
            assert page.one("label", for_=page.one(name=name)["id"]).text


def test_a_new_record_is_confirmed_and_shown(editor_browser):
    team = TeamFactory(name="Night Watch")
    answer = fill_in(
        editor_browser, "/heroes/new/", name="  Owl  ", secret_name="Nora", age="41", team=str(team.pk)
    )
    hero = Hero.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/heroes/{hero.pk}/")
    assert (hero.name, hero.secret_name, hero.age, hero.team) == ("Owl", "Nora", 41, team)
    shown = editor_browser.get(answer["Location"])
    assert messages_of(shown) == ["Hero “Owl” created."]
    assert "Night Watch" in read(shown).text
    assert "messages" not in editor_browser.get(answer["Location"]).content.decode()


def test_a_changed_record_is_confirmed(editor_browser):
    team = TeamFactory(name="Night Watch")
    answer = fill_in(editor_browser, f"/teams/{team.pk}/edit/", name="Day Watch")
    assert messages_of(editor_browser.get(answer["Location"])) == ["Team “Day Watch” saved."]
    assert Team.objects.get().version == 2


@pytest.mark.parametrize("changed", [{}, {"name": " Lamplighter "}, {"age": "041"}, {"secret_name": ""}])
def test_a_record_that_is_as_it_was_is_told_so_and_keeps_its_version(changed, editor_browser):
    hero = HeroFactory(name="Lamplighter", age=41, team=TeamFactory())
    answer = fill_in(editor_browser, f"/heroes/{hero.pk}/edit/", **changed)
    assert messages_of(editor_browser.get(answer["Location"])) == ["No changes to save."]
    row = Hero.objects.get()
    assert (row.version, row.updated_at) == (1, hero.updated_at)


def test_an_edit_form_shows_what_is_stored(editor_browser):
    team = TeamFactory()
    hero = HeroFactory(name="O'Hara <& Sons>", age=1234567 % 1_000_000, team=team)
    values = form_with(read(editor_browser.get(f"/heroes/{hero.pk}/edit/")), "name").values()
    values.pop("csrfmiddlewaretoken")
    kept = {"name": hero.name, "secret_name": "", "age": "234567", "team": str(team.pk)}
    assert values == {**kept, "seen_version": "1"}


def test_clearing_a_field_clears_it(editor_browser):
    hero = HeroFactory(age=41, team=TeamFactory())
    fill_in(editor_browser, f"/heroes/{hero.pk}/edit/", age="", team="")
    hero.refresh_from_db()
    assert (hero.age, hero.team, hero.version) == (None, None, 2)


@pytest.mark.parametrize("kind", ["heroes", "teams"])
def test_a_form_is_not_kept_in_any_cache(kind, editor_browser):
    assert "no-store" in editor_browser.get(f"/{kind}/new/")["Cache-Control"]


# Deleting ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (0, "Nothing else will change."),
        (1, "1 hero will be left without a team."),
        (2, "2 heroes will be left without a team."),
    ],
)
def test_deleting_a_team_says_first_what_it_will_touch(members, words, editor_browser):
    team = TeamFactory(name="Night Watch")
    HeroFactory.create_batch(members, team=team)
    HeroFactory(team=TeamFactory())
    page = read(editor_browser.get(f"/teams/{team.pk}/delete/"))
    assert page.one("h1").text == "Delete the team Night Watch?"
    assert words in page.text
    assert Team.objects.filter(pk=team.pk).exists()
    answer = fill_in(editor_browser, f"/teams/{team.pk}/delete/")
    assert (answer.status_code, answer["Location"]) == (302, "/teams/")
    assert messages_of(editor_browser.get("/teams/")) == ["Team “Night Watch” deleted."]
    assert not Team.objects.filter(pk=team.pk).exists()
    assert Hero.objects.filter(team=None).count() == members
    assert Hero.objects.exclude(team=None).count() == 1


def test_deleting_a_hero_touches_nothing_else(editor_browser):
    team = TeamFactory()
    hero = HeroFactory(name="Owl", team=team)
    page = read(editor_browser.get(f"/heroes/{hero.pk}/delete/"))
    assert "Nothing else will change." in page.text
    fill_in(editor_browser, f"/heroes/{hero.pk}/delete/")
    assert messages_of(editor_browser.get("/heroes/")) == ["Hero “Owl” deleted."]
    assert not Hero.objects.exists()
    assert Team.objects.get().version == 1


def test_going_to_a_delete_page_deletes_nothing(editor_browser):
    hero = HeroFactory()
    for method in ("get", "head", "options"):
        getattr(editor_browser, method)(f"/heroes/{hero.pk}/delete/")
    assert Hero.objects.exists()


# Pages that are not there -----------------------------------------------------------------


@pytest.mark.parametrize("action", ["", "edit/", "delete/"])
@pytest.mark.parametrize("kind", ["heroes", "teams"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_unknown_record_is_not_found(method, kind, action, editor_browser):
    if method == "post" and not action:
        return
    answer = getattr(editor_browser, method)(f"/{kind}/999999/{action}")
    assert answer.status_code == 404
    page = read(answer)
    assert page.one("h1").text == "Page not found"
    assert "We can't find this page." in page.text
    assert answer["X-Request-Id"] in page.text
    assert page.one("main").one("a")["href"] == "/"


def test_what_one_may_not_do_is_told_on_a_page(reader):
    answer = browser(reader).get("/heroes/new/")
    page = read(answer)
    assert (answer.status_code, page.one("h1").text) == (403, "Permission denied")
    assert "You don't have permission to do this. Ask an administrator for the Editors role." in page.text
    assert answer["X-Request-Id"] in page.text


@pytest.mark.parametrize(
    ("address", "method", "allowed"),
    [
        ("/heroes/", "post", "GET, HEAD, OPTIONS"),
        ("/heroes/", "put", "GET, HEAD, OPTIONS"),
        ("/heroes/{}/", "post", "GET, HEAD, OPTIONS"),
        ("/heroes/{}/", "delete", "GET, HEAD, OPTIONS"),
        ("/heroes/new/", "put", "GET, HEAD, POST, OPTIONS"),
        ("/heroes/{}/edit/", "patch", "GET, HEAD, POST, OPTIONS"),
        ("/heroes/{}/delete/", "delete", "GET, HEAD, POST, OPTIONS"),
        ("/teams/", "trace", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_method_that_a_page_does_not_take_is_told_on_a_page(address, method, allowed, editor_browser):
    hero = HeroFactory()
    answer = getattr(editor_browser, method)(address.format(hero.pk))
    assert (answer.status_code, answer["Allow"]) == (405, allowed)
    page = read(answer)
    assert page.one("h1").text == "Method not allowed"
    assert f"This page doesn't support {method.upper()}. Use one of: {allowed}." in page.text
    assert answer["X-Request-Id"] in page.text
    assert Hero.objects.get() == hero


def test_the_first_page_answers_no_post(visitor_browser):
    answer = visitor_browser.post("/")
    assert answer.status_code == 405
    assert {"GET", "HEAD"} <= set(answer["Allow"].split(", "))
    assert read(answer).one("h1").text == "Method not allowed"
