"""Forms on pages: they contain the values that were sent, describe errors, and confirm what they saved."""

import pytest

from heroes.models import Hero
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.markup import fill_in, form_with, read
from tests.people import browser

pytestmark = pytest.mark.django_db

REQUIRED = "This field is required."


def error_of(page, field):
    """Return the error message of a field, found through ``aria-describedby`` as by a screen reader."""
    control = page.one(name=field)
    assert control["aria-invalid"] == "true"
    described = [page.one(id=name) for name in control["aria-describedby"].split()]
    return " ".join(element.text for element in described if "field-errors" in element.classes)


def messages_of(response):
    return [message.one("span").text for message in read(response).one("ul", class_="messages").all("li")]


INVALID = [
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


@pytest.mark.parametrize(("values", "errors"), INVALID)
@pytest.mark.parametrize("action", ["new", "edit"])
def test_each_error_is_described_at_its_field_and_in_the_summary(action, values, errors, editor_browser):
    HeroFactory(name="Taken")
    hero = HeroFactory(name="Lamplighter")
    address = "/heroes/new/" if action == "new" else f"/heroes/{hero.pk}/edit/"
    values = {"name": "Owl", "secret_name": "Somebody", "age": "41", "team": ""} | values
    response = fill_in(editor_browser, address, **values)
    page = read(response)
    assert response.status_code == 422
    assert {name: error_of(page, name) for name in errors} == errors
    for name in values.keys() - errors.keys():
        assert "aria-invalid" not in page.one(name=name).attributes
    summary = page.one("div", role="alert")
    assert "autofocus" in summary.attributes
    assert summary["tabindex"] == "-1"
    for link, (name, message) in zip(summary.all("li"), sorted_as(page, errors), strict=True):
        assert link.one("a")["href"] == f"#{page.one(name=name)['id']}"
        assert message in link.text
    assert Hero.objects.get(pk=hero.pk).version == 1
    assert Hero.objects.count() == 2


def sorted_as(page, errors):
    """Return the errors in the order of their fields on the page."""
    order = list(form_with(page, *errors).values())
    return sorted(errors.items(), key=lambda item: order.index(item[0]))


@pytest.mark.parametrize("action", ["new", "edit"])
def test_an_invalid_form_contains_the_values_that_were_sent(action, editor_browser):
    team = TeamFactory()
    address = "/heroes/new/" if action == "new" else f"/heroes/{HeroFactory().pk}/edit/"
    values = {"name": "<b>Owl</b> & “Sons”", "secret_name": "Nora", "age": "41 years", "team": str(team.pk)}
    page = read(fill_in(editor_browser, address, **values))
    form_values = form_with(page, "name").values()
    assert {name: form_values[name] for name in values} == values


def test_an_invalid_form_contains_its_values_with_an_unknown_team(editor_browser):
    page = read(editor_browser.post("/heroes/new/", {"name": "", "age": "7", "team": "999999"}))
    assert error_of(page, "team") == "There is no such record. Choose one from the register."
    assert form_with(page, "name").values()["age"] == "7"


def test_an_invalid_form_has_the_name_of_the_record_as_its_title(editor_browser):
    hero = HeroFactory(name="Lamplighter")
    page = read(fill_in(editor_browser, f"/heroes/{hero.pk}/edit/", name="", age="x"))
    assert page.one("h1").text == "Edit Lamplighter"


@pytest.mark.parametrize("path", ["heroes", "teams"])
def test_every_description_a_field_points_to_is_on_the_page(path, editor_browser):
    for data in ({}, {"name": ""}):
        send = editor_browser.post if data else editor_browser.get
        page = read(send(f"/{path}/new/", data))
        for control in page:
            for name in control.attributes.get("aria-describedby", "").split():
                page.one(id=name)
        ids = [element["id"] for element in page if "id" in element.attributes]
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", ["heroes", "teams"])
def test_every_field_has_a_label(path, editor_browser):
    page = read(editor_browser.get(f"/{path}/new/"))
    for name in form_with(page, "name").values():
        if name not in ("csrfmiddlewaretoken", "submission"):
            assert page.one("label", for_=page.one(name=name)["id"]).text


def test_creating_a_record_shows_it_with_a_message(editor_browser):
    team = TeamFactory(name="Night Watch")
    response = fill_in(
        editor_browser, "/heroes/new/", name="  Owl  ", secret_name="Nora", age="41", team=str(team.pk)
    )
    hero = Hero.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/heroes/{hero.pk}/")
    assert (hero.name, hero.secret_name, hero.age, hero.team) == ("Owl", "Nora", 41, team)
    page = editor_browser.get(response["Location"])
    assert messages_of(page) == ["Hero “Owl” created."]
    assert "Night Watch" in read(page).text
    assert "messages" not in editor_browser.get(response["Location"]).content.decode()


def test_saving_a_record_shows_a_message(editor_browser):
    team = TeamFactory(name="Night Watch")
    response = fill_in(editor_browser, f"/teams/{team.pk}/edit/", name="Day Watch")
    assert messages_of(editor_browser.get(response["Location"])) == ["Team “Day Watch” saved."]
    assert Team.objects.get().version == 2


@pytest.mark.parametrize("changed", [{}, {"name": " Lamplighter "}, {"age": "041"}, {"secret_name": ""}])
def test_saving_without_changes_shows_a_message_and_no_new_version(changed, editor_browser):
    hero = HeroFactory(name="Lamplighter", age=41, team=TeamFactory())
    response = fill_in(editor_browser, f"/heroes/{hero.pk}/edit/", **changed)
    assert messages_of(editor_browser.get(response["Location"])) == ["No changes to save."]
    row = Hero.objects.get()
    assert (row.version, row.updated_at) == (1, hero.updated_at)


def test_an_edit_form_contains_the_current_values(editor_browser):
    team = TeamFactory()
    hero = HeroFactory(name="O'Hara <& Sons>", age=1234567 % 1_000_000, team=team)
    values = form_with(read(editor_browser.get(f"/heroes/{hero.pk}/edit/")), "name").values()
    values.pop("csrfmiddlewaretoken")
    expected = {"name": hero.name, "secret_name": "", "age": "234567", "team": str(team.pk)}
    assert values == {**expected, "seen_version": "1"}


def test_clearing_a_field_clears_it(editor_browser):
    hero = HeroFactory(age=41, team=TeamFactory())
    fill_in(editor_browser, f"/heroes/{hero.pk}/edit/", age="", team="")
    hero.refresh_from_db()
    assert (hero.age, hero.team, hero.version) == (None, None, 2)


@pytest.mark.parametrize("path", ["heroes", "teams"])
def test_a_form_is_not_cached(path, editor_browser):
    assert "no-store" in editor_browser.get(f"/{path}/new/")["Cache-Control"]


# Deleting ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (0, "Nothing else will change."),
        (1, "1 hero will be left without a team."),
        (2, "2 heroes will be left without a team."),
    ],
)
def test_deleting_a_team_first_shows_what_will_change(members, message, editor_browser):
    team = TeamFactory(name="Night Watch")
    HeroFactory.create_batch(members, team=team)
    HeroFactory(team=TeamFactory())
    page = read(editor_browser.get(f"/teams/{team.pk}/delete/"))
    assert page.one("h1").text == "Delete the team Night Watch?"
    assert message in page.text
    assert Team.objects.filter(pk=team.pk).exists()
    response = fill_in(editor_browser, f"/teams/{team.pk}/delete/")
    assert (response.status_code, response["Location"]) == (302, "/teams/")
    assert messages_of(editor_browser.get("/teams/")) == ["Team “Night Watch” deleted."]
    assert not Team.objects.filter(pk=team.pk).exists()
    assert Hero.objects.filter(team=None).count() == members
    assert Hero.objects.exclude(team=None).count() == 1


def test_deleting_a_hero_changes_nothing_else(editor_browser):
    team = TeamFactory()
    hero = HeroFactory(name="Owl", team=team)
    page = read(editor_browser.get(f"/heroes/{hero.pk}/delete/"))
    assert "Nothing else will change." in page.text
    fill_in(editor_browser, f"/heroes/{hero.pk}/delete/")
    assert messages_of(editor_browser.get("/heroes/")) == ["Hero “Owl” deleted."]
    assert not Hero.objects.exists()
    assert Team.objects.get().version == 1


def test_opening_a_delete_page_deletes_nothing(editor_browser):
    hero = HeroFactory()
    for method in ("get", "head", "options"):
        getattr(editor_browser, method)(f"/heroes/{hero.pk}/delete/")
    assert Hero.objects.exists()


# Error pages -----------------------------------------------------------------


@pytest.mark.parametrize("action", ["", "edit/", "delete/"])
@pytest.mark.parametrize("path", ["heroes", "teams"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_unknown_record_is_not_found(method, path, action, editor_browser):
    if method == "post" and not action:
        return
    response = getattr(editor_browser, method)(f"/{path}/999999/{action}")
    assert response.status_code == 404
    page = read(response)
    assert page.one("h1").text == "Page not found"
    assert "We can't find this page." in page.text
    assert response["X-Request-Id"] in page.text
    assert page.one("main").one("a")["href"] == "/"


def test_missing_permission_is_a_403_page(reader):
    response = browser(reader).get("/heroes/new/")
    page = read(response)
    assert (response.status_code, page.one("h1").text) == (403, "Permission denied")
    assert "You don't have permission to do this. Ask an administrator for the Editors role." in page.text
    assert response["X-Request-Id"] in page.text


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
def test_an_unsupported_method_is_a_405_page(address, method, allowed, editor_browser):
    hero = HeroFactory()
    response = getattr(editor_browser, method)(address.format(hero.pk))
    assert (response.status_code, response["Allow"]) == (405, allowed)
    page = read(response)
    assert page.one("h1").text == "Method not allowed"
    assert f"This page doesn't support {method.upper()}. Use one of: {allowed}." in page.text
    assert response["X-Request-Id"] in page.text
    assert Hero.objects.get() == hero


def test_the_home_page_does_not_support_post(visitor_browser):
    response = visitor_browser.post("/")
    assert response.status_code == 405
    assert {"GET", "HEAD"} <= set(response["Allow"].split(", "))
    assert read(response).one("h1").text == "Method not allowed"
