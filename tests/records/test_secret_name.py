"""A secret name is seen by Keepers only, when they ask for it, and each seeing is recorded."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from heroes.models import Hero
from heroesite.records.audit.change_sets import Source
from heroesite.records.audit.disclosures import Disclosure
from tests.factories import HeroFactory, TeamFactory
from tests.markup import fill_in, read
from tests.people import browser, person, program
from tests.records.interfaces import all_interfaces

pytestmark = pytest.mark.django_db

SECRET = "Edith Wren"
MASK = "••••••••"
ADMIN = "/admin/heroes/hero/"


@pytest.fixture
def hero(db):
    return HeroFactory(name="Lamplighter", secret_name=SECRET)


@pytest.fixture
def someone(request):
    return lambda who: None if who == "visitor" else request.getfixturevalue(who)


def address_at(interface, hero, action):
    """Where ``action`` is done at ``interface``."""
    if interface == "website":
        return f"/heroes/{hero.pk}/{action}/" if action else f"/heroes/{hero.pk}/"
    return f"{ADMIN}{hero.pk}/{'change' if action in ('', 'edit') else action}/"


def carries_the_secret(answer):
    return SECRET in answer.content.decode() or any(SECRET in value for value in answer.headers.values())


interfaces = pytest.mark.parametrize("interface", ["website", "admin"])
outsiders = pytest.mark.parametrize("who", ["visitor", "reader", "editor"])


# Mask and Reveal --------------------------------------------------------------------------


@interfaces
@pytest.mark.parametrize("who", ["keeper", "administrator"])
def test_who_may_see_it_is_offered_to_reveal_it_and_shown_nothing_before(who, interface, hero, someone):
    answer = browser(someone(who)).get(address_at(interface, hero, ""))
    assert not carries_the_secret(answer)
    page = read(answer)
    assert MASK in page.text
    reveal = page.one("form", action=address_at(interface, hero, "reveal"))
    assert (reveal["method"], reveal.one("button").text) == ("post", "Show secret name")
    assert not Disclosure.objects.exists()


@outsiders
def test_who_may_not_see_it_is_offered_nothing_on_the_page(who, hero, someone):
    answer = browser(someone(who)).get(f"/heroes/{hero.pk}/")
    assert not carries_the_secret(answer)
    assert "Reveal" not in read(answer).text
    assert MASK not in read(answer).text
    assert "Secret name" not in read(answer).text


def test_an_editor_is_not_offered_to_reveal_it_in_the_admin(hero, editor_browser):
    answer = editor_browser.get(address_at("admin", hero, ""))
    assert not carries_the_secret(answer)
    assert "Reveal" not in read(answer).text


@interfaces
@pytest.mark.parametrize("who", ["keeper", "administrator"])
def test_revealing_shows_it_once_and_is_recorded(who, interface, hero, someone):
    user, before = someone(who), timezone.now()
    client = browser(user)
    page = read(client.get(address_at(interface, hero, "")))
    button = page.one("form", action=address_at(interface, hero, "reveal"))
    answer = client.post(button["action"], button.values())
    assert answer.status_code == 200
    assert SECRET in read(answer).text
    assert "no-store" in answer["Cache-Control"]
    (seen,) = Disclosure.objects.all()
    assert (seen.user, seen.username, seen.source) == (user, who, interface)
    assert (seen.kind, seen.field, seen.ids) == ("heroes.hero", "secret_name", [hero.pk])
    assert before <= seen.at <= timezone.now() + timedelta(seconds=1)
    assert not carries_the_secret(client.get(address_at(interface, hero, "")))


@interfaces
def test_each_revealing_is_a_row_of_its_own(interface, hero, keeper_browser):
    other = HeroFactory()
    for record in (hero, hero, other):
        keeper_browser.post(address_at(interface, record, "reveal"))
    rows = Disclosure.objects.order_by("pk").values_list("ids", flat=True)
    assert list(rows) == [[hero.pk], [hero.pk], [other.pk]]


@interfaces
def test_a_link_to_reveal_leads_back_to_the_hero_and_shows_nothing(interface, hero, keeper_browser):
    answer = keeper_browser.get(address_at(interface, hero, "reveal"))
    assert (answer.status_code, answer["Location"]) == (302, address_at(interface, hero, ""))
    assert not carries_the_secret(answer)
    assert not Disclosure.objects.exists()


@pytest.mark.parametrize("method", ["get", "head", "post"])
@interfaces
@outsiders
def test_nobody_else_can_reveal_it(who, interface, method, hero, someone):
    answer = getattr(browser(someone(who)), method)(address_at(interface, hero, "reveal"))
    assert answer.status_code in (302, 403)
    assert not carries_the_secret(answer)
    assert not Disclosure.objects.exists()


@pytest.mark.parametrize(
    ("who", "interface", "status"),
    [
        ("visitor", "website", 302),
        ("visitor", "admin", 302),
        ("editor", "website", 403),
        ("editor", "admin", 403),
    ],
)
def test_who_asks_to_reveal_it_and_may_not_is_told_so(who, interface, status, hero, someone):
    answer = browser(someone(who)).post(address_at(interface, hero, "reveal"))
    assert answer.status_code == status
    if status == 302:
        assert "/login/?next=" in answer["Location"]


@interfaces
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_unknown_hero_cannot_be_revealed(method, interface, keeper_browser):
    missing = Hero(pk=999_999)
    assert getattr(keeper_browser, method)(address_at(interface, missing, "reveal")).status_code == 404
    assert not Disclosure.objects.exists()


def test_a_team_has_nothing_to_reveal(keeper_browser):
    team = TeamFactory()
    assert "Reveal" not in read(keeper_browser.get(f"/teams/{team.pk}/")).text
    assert keeper_browser.post(f"/teams/{team.pk}/reveal/").status_code == 404
    assert not Disclosure.objects.exists()


# The API ----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [program, browser])
def test_a_keepers_answers_carry_it_and_are_recorded(how, hero, keeper):
    other = HeroFactory(name="Zeta", secret_name="Zeta's own")
    client = how(keeper)
    listed = client.get("/api/v1/heroes/")
    one = client.get(f"/api/v1/heroes/{hero.pk}")
    assert [row["secret_name"] for row in listed.json()["results"]] == [SECRET, "Zeta's own"]
    assert one.json()["secret_name"] == SECRET
    assert "no-store" in listed["Cache-Control"]
    assert "no-store" in one["Cache-Control"]
    rows = Disclosure.objects.order_by("pk").values_list("username", "source", "kind", "field", "ids")
    assert list(rows) == [
        ("keeper", "api", "heroes.hero", "secret_name", [hero.pk, other.pk]),
        ("keeper", "api", "heroes.hero", "secret_name", [hero.pk]),
    ]


def test_a_keepers_writes_answer_with_it_and_are_recorded(hero, keeper_program):
    created = keeper_program.post("/api/v1/heroes/", {"name": "Owl", "secret_name": "Somebody"})
    changed = keeper_program.patch(f"/api/v1/heroes/{hero.pk}", {"age": 7})
    assert (created.json()["secret_name"], changed.json()["secret_name"]) == ("Somebody", SECRET)
    assert "no-store" in created["Cache-Control"]
    assert "no-store" in changed["Cache-Control"]
    recorded = Disclosure.objects.order_by("pk").values_list("ids", flat=True)
    assert list(recorded) == [[created.json()["id"]], [hero.pk]]


def test_only_the_heroes_on_the_page_of_a_list_are_recorded(hero, keeper_program):
    HeroFactory(name="Zeta")
    keeper_program.get("/api/v1/heroes/", {"limit": 1})
    assert Disclosure.objects.get().ids == [hero.pk]


def test_an_answer_without_heroes_records_nothing(hero, keeper_program):
    keeper_program.get("/api/v1/heroes/", {"search": "nobody"})
    keeper_program.get("/api/v1/heroes/999999")
    keeper_program.get("/api/v1/teams/")
    keeper_program.delete(f"/api/v1/heroes/{hero.pk}")
    assert not Disclosure.objects.exists()


@outsiders
@pytest.mark.parametrize("how", [program, browser])
def test_others_answers_leave_the_member_out(how, who, hero, someone):
    client = how(someone(who))
    for address in ("/api/v1/heroes/", f"/api/v1/heroes/{hero.pk}", f"/api/v1/teams/{TeamFactory().pk}"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "secret" not in answer.content.decode()
        assert not carries_the_secret(answer)
    assert not Disclosure.objects.exists()


def test_a_teams_answer_names_its_heroes_without_it_even_to_a_keeper(keeper_program):
    team = TeamFactory()
    HeroFactory(team=team, secret_name=SECRET)
    assert not carries_the_secret(keeper_program.get(f"/api/v1/teams/{team.pk}"))
    assert not carries_the_secret(keeper_program.get("/api/v1/teams/"))


# Setting it without reading it ------------------------------------------------------------


@interfaces
@pytest.mark.parametrize("who", ["editor", "keeper", "administrator"])
def test_an_edit_form_never_carries_it(who, interface, hero, someone):
    client = browser(someone(who))
    answer = client.get(address_at(interface, hero, "edit"))
    field = read(answer).one("input", name="secret_name")
    assert field.attributes.get("value", "") == ""
    assert field["autocomplete"] == "off"
    assert "Leave blank to keep the current secret name." in read(answer).text
    assert not carries_the_secret(answer)
    assert not Disclosure.objects.exists()


@interfaces
@pytest.mark.parametrize("who", ["editor", "keeper"])
def test_a_refused_edit_form_does_not_carry_it_either(who, interface, hero, someone):
    answer = fill_in(browser(someone(who)), address_at(interface, hero, "edit"), name="")
    assert answer.status_code in (200, 422)
    assert "This field is required." in read(answer).text
    assert not carries_the_secret(answer)


@interfaces
@pytest.mark.parametrize("who", ["editor", "keeper", "administrator"])
@pytest.mark.parametrize("typed", ["", "   "])
def test_left_empty_it_stays_as_it_is(typed, who, interface, hero, someone):
    client = browser(someone(who))
    answer = fill_in(client, address_at(interface, hero, "edit"), secret_name=typed, age="41")
    assert answer.status_code == 302
    hero.refresh_from_db()
    assert (hero.secret_name, hero.age, hero.version) == (SECRET, 41, 2)


@interfaces
def test_left_empty_with_nothing_else_changed_nothing_is_saved(interface, hero, editor_browser):
    fill_in(editor_browser, address_at(interface, hero, "edit"), secret_name="")
    hero.refresh_from_db()
    assert (hero.secret_name, hero.version) == (SECRET, 1)


@interfaces
def test_a_new_hero_needs_one(interface, editor_browser):
    address = "/heroes/new/" if interface == "website" else f"{ADMIN}add/"
    answer = fill_in(editor_browser, address, name="Owl", secret_name="")
    assert "This field is required." in read(answer).text
    assert not Hero.objects.exists()
    assert fill_in(editor_browser, address, name="Owl", secret_name="Somebody").status_code == 302
    assert Hero.objects.get().secret_name == "Somebody"


@interfaces
def test_an_editor_sets_it_in_a_form_and_is_never_told_it(interface, hero, editor_browser):
    new = "Nora Quill"
    answer = fill_in(editor_browser, address_at(interface, hero, "edit"), secret_name=new)
    assert answer.status_code == 302
    hero.refresh_from_db()
    assert (hero.secret_name, hero.version) == (new, 2)
    for action in ("", "edit", "delete"):
        assert new not in editor_browser.get(address_at(interface, hero, action)).content.decode()
    assert new not in editor_browser.get(f"{ADMIN}{hero.pk}/history/").content.decode()


def test_an_editor_sets_it_at_the_api_and_is_never_told_it(editor_program):
    answer = editor_program.post("/api/v1/heroes/", {"name": "Owl", "secret_name": "First"})
    assert answer.status_code == 201
    assert "secret_name" not in answer.json()
    address = f"/api/v1/heroes/{answer.json()['id']}"
    for number, send in enumerate([editor_program.patch, editor_program.put], 2):
        answer = send(address, {"name": "Owl", "secret_name": f"Number {number}"})
        assert answer.status_code == 200
        assert "secret_name" not in answer.json()
        assert Hero.objects.get().secret_name == f"Number {number}"
        assert Hero.objects.get().version == number


def test_an_editors_full_replacement_leaves_it_as_it_is(hero, editor_program):
    answer = editor_program.put(f"/api/v1/heroes/{hero.pk}", {"name": "Lamplighter", "age": 7})
    assert answer.status_code == 200
    hero.refresh_from_db()
    assert (hero.secret_name, hero.age) == (SECRET, 7)


def test_a_keepers_full_replacement_must_say_it(hero, keeper_program):
    answer = keeper_program.put(f"/api/v1/heroes/{hero.pk}", {"name": "Lamplighter"})
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/secret_name"]


# No answers to blind_writes --------------------------------------------------------------------


@pytest.mark.parametrize("guess", [SECRET, "somebody else"], ids=["right", "wrong"])
@interfaces
def test_a_guess_in_a_form_counts_as_a_change_right_or_wrong(interface, guess, hero, editor_browser):
    answer = fill_in(editor_browser, address_at(interface, hero, "edit"), secret_name=guess)
    assert answer.status_code == 302
    hero.refresh_from_db()
    assert (hero.secret_name, hero.version) == (guess, 2)


@interfaces
def test_a_right_guess_and_a_wrong_one_are_answered_alike(interface, hero, editor_browser):
    answers = []
    for guess in (SECRET, "somebody else"):
        fill_in(editor_browser, address_at(interface, hero, "edit"), secret_name=guess)
        page = read(editor_browser.get(address_at(interface, hero, "")))
        answers.append([message.text for message in page.all("ul")])
    assert answers[0] == answers[1]


@pytest.mark.parametrize("guess", [SECRET, "somebody else"], ids=["right", "wrong"])
@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_guess_at_the_api_counts_as_a_change_right_or_wrong(method, guess, hero, editor_program):
    body = {"name": "Lamplighter", "age": hero.age, "secret_name": guess}
    answer = getattr(editor_program, method)(f"/api/v1/heroes/{hero.pk}", body)
    assert answer.json()["version"] == 2
    hero.refresh_from_db()
    assert (hero.secret_name, hero.version) == (guess, 2)
    assert hero.updated_at > hero.created_at


@pytest.mark.parametrize("method", ["put", "patch"])
def test_what_a_keeper_sends_back_unchanged_is_no_change(method, hero, keeper_program):
    address = f"/api/v1/heroes/{hero.pk}"
    body = keeper_program.get(address).json()
    answer = getattr(keeper_program, method)(address, body)
    assert (answer.status_code, answer.json()) == (200, body)
    hero.refresh_from_db()
    assert hero.version == 1


# Who saw what -----------------------------------------------------------------------------


def test_staff_read_who_saw_what_and_change_nothing_of_it(hero, keeper_browser, administrator_browser):
    keeper_browser.post(f"/heroes/{hero.pk}/reveal/")
    seen = Disclosure.objects.get()
    rows = administrator_browser.get("/admin/records/disclosure/")
    assert "keeper" in read(rows).one("table", id="result_list").text
    assert not carries_the_secret(rows)
    address = f"/admin/records/disclosure/{seen.pk}/"
    shown = administrator_browser.get(f"{address}change/")
    assert shown.status_code == 200
    assert str(hero.pk) in read(shown).one("main").text
    assert not read(shown).one("main").all("input", type="submit")
    assert not carries_the_secret(shown)
    for attempt in (f"{address}change/", f"{address}delete/", "/admin/records/disclosure/add/"):
        assert administrator_browser.post(attempt, {"username": "x", "post": "yes"}).status_code == 403
    administrator_browser.post(
        "/admin/records/disclosure/",
        {"action": "delete_selected", "_selected_action": seen.pk, "post": "yes"},
    )
    assert Disclosure.objects.get().username == "keeper"


def test_who_saw_what_outlives_the_account_of_who_saw(hero, keeper, keeper_browser):
    keeper_browser.post(f"/heroes/{hero.pk}/reveal/")
    keeper.delete()
    seen = Disclosure.objects.get()
    assert (seen.user, seen.username, seen.ids) == (None, "keeper", [hero.pk])


@pytest.mark.parametrize("allowed", [["view_hero"], ["view_hero", "view_secret_name"]])
def test_staff_who_only_view_see_it_neither_in_the_admins_form_nor_its_list(allowed, hero):
    clerk = person("clerk", staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=allowed))
    client = browser(clerk)
    shown = client.get(address_at("admin", hero, ""))
    assert "Lamplighter" in read(shown).one("main").text
    told = "secret" in shown.content.decode().lower()
    assert told == ("view_secret_name" in allowed), "that there is one, and a button to see it"
    assert not carries_the_secret(shown)
    assert not carries_the_secret(client.get(ADMIN))


def test_who_may_see_it_and_not_edit_may_still_reveal_it(hero):
    auditor = person("auditor")
    auditor.user_permissions.add(Permission.objects.get(codename="view_secret_name"))
    answer = browser(auditor).post(f"/heroes/{hero.pk}/reveal/")
    assert SECRET in read(answer).text
    assert Disclosure.objects.get().username == "auditor"


@pytest.mark.parametrize(
    ("asked", "found"), [("hero 1", 1), ("keeper 11", 1), ("keeper", 2), ("1", 1), ("2", 0)]
)
def test_staff_find_who_was_shown_one_hero(asked, found, keeper, editor_browser):
    for pk in (1, 11):
        Disclosure.objects.record(keeper, Source.API, "secret_name", [Hero(pk=pk), Hero(pk=100 + pk)])
    page = read(editor_browser.get("/admin/records/disclosure/", {"q": asked}))
    assert len(page.all("th", class_="field-at")) == found


@pytest.mark.parametrize(("who", "version"), [("editor", 2), ("keeper", 1)])
def test_at_every_interface_the_equal_secret_is_a_change_by_those_only_who_might_be_guessing(
    who, version, someone
):
    user = someone(who)
    for name, interface in all_interfaces(user, Hero).items():
        hero = HeroFactory(age=None)
        values = {"name": hero.name, "secret_name": hero.secret_name, "age": None, "team": None}
        assert interface.send(values, hero.pk).accepted
        hero.refresh_from_db()
        assert hero.version == version, name
