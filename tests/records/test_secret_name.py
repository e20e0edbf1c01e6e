"""Only Keepers can see a secret name, on request, and each access is logged."""

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


def contains_secret(response):
    return SECRET in response.content.decode() or any(SECRET in value for value in response.headers.values())


interfaces = pytest.mark.parametrize("interface", ["website", "admin"])
outsiders = pytest.mark.parametrize("who", ["visitor", "reader", "editor"])


# The mask and the button to show it -------------------------------------------------------


@interfaces
@pytest.mark.parametrize("who", ["keeper", "administrator"])
def test_a_page_hides_it_and_has_a_button_to_show_it_with_permission(who, interface, hero, someone):
    response = browser(someone(who)).get(address_at(interface, hero, ""))
    assert not contains_secret(response)
    page = read(response)
    assert MASK in page.text
    reveal = page.one("form", action=address_at(interface, hero, "reveal"))
    assert (reveal["method"], reveal.one("button").text) == ("post", "Show secret name")
    assert not Disclosure.objects.exists()


@outsiders
def test_a_page_has_no_button_to_show_it_without_permission(who, hero, someone):
    response = browser(someone(who)).get(f"/heroes/{hero.pk}/")
    assert not contains_secret(response)
    assert "Show secret name" not in read(response).text
    assert MASK not in read(response).text
    assert "Secret name" not in read(response).text


def test_the_admin_has_no_button_to_show_it_for_an_editor(hero, editor_browser):
    response = editor_browser.get(address_at("admin", hero, ""))
    assert not contains_secret(response)
    assert "Show secret name" not in read(response).text


@interfaces
@pytest.mark.parametrize("who", ["keeper", "administrator"])
def test_showing_it_is_logged_and_lasts_one_page(who, interface, hero, someone):
    user, before = someone(who), timezone.now()
    client = browser(user)
    page = read(client.get(address_at(interface, hero, "")))
    button = page.one("form", action=address_at(interface, hero, "reveal"))
    response = client.post(button["action"], button.values())
    assert response.status_code == 200
    assert SECRET in read(response).text
    assert "no-store" in response["Cache-Control"]
    (seen,) = Disclosure.objects.all()
    assert (seen.user, seen.username, seen.source) == (user, who, interface)
    assert (seen.kind, seen.field, seen.ids) == ("heroes.hero", "secret_name", [hero.pk])
    assert before <= seen.at <= timezone.now() + timedelta(seconds=1)
    assert not contains_secret(client.get(address_at(interface, hero, "")))


@interfaces
def test_each_access_is_logged_separately(interface, hero, keeper_browser):
    other = HeroFactory()
    for record in (hero, hero, other):
        keeper_browser.post(address_at(interface, record, "reveal"))
    rows = Disclosure.objects.order_by("pk").values_list("ids", flat=True)
    assert list(rows) == [[hero.pk], [hero.pk], [other.pk]]


@interfaces
def test_a_link_to_reveal_leads_back_to_the_hero_and_shows_nothing(interface, hero, keeper_browser):
    response = keeper_browser.get(address_at(interface, hero, "reveal"))
    assert (response.status_code, response["Location"]) == (302, address_at(interface, hero, ""))
    assert not contains_secret(response)
    assert not Disclosure.objects.exists()


@pytest.mark.parametrize("method", ["get", "head", "post"])
@interfaces
@outsiders
def test_others_cannot_show_it(who, interface, method, hero, someone):
    response = getattr(browser(someone(who)), method)(address_at(interface, hero, "reveal"))
    assert response.status_code in (302, 403)
    assert not contains_secret(response)
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
def test_showing_it_without_permission_is_an_error_page(who, interface, status, hero, someone):
    response = browser(someone(who)).post(address_at(interface, hero, "reveal"))
    assert response.status_code == status
    if status == 302:
        assert "/login/?next=" in response["Location"]


@interfaces
@pytest.mark.parametrize("method", ["get", "post"])
def test_showing_it_for_an_unknown_hero_is_not_found(method, interface, keeper_browser):
    missing = Hero(pk=999_999)
    assert getattr(keeper_browser, method)(address_at(interface, missing, "reveal")).status_code == 404
    assert not Disclosure.objects.exists()


def test_a_team_has_nothing_to_reveal(keeper_browser):
    team = TeamFactory()
    assert "Show secret name" not in read(keeper_browser.get(f"/teams/{team.pk}/")).text
    assert keeper_browser.post(f"/teams/{team.pk}/reveal/").status_code == 404
    assert not Disclosure.objects.exists()


# The API ----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [program, browser])
def test_responses_to_a_keeper_contain_it_and_are_logged(how, hero, keeper):
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


def test_responses_to_writes_of_a_keeper_contain_it_and_are_logged(hero, keeper_program):
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


def test_a_response_without_heroes_is_not_logged(hero, keeper_program):
    keeper_program.get("/api/v1/heroes/", {"search": "nobody"})
    keeper_program.get("/api/v1/heroes/999999")
    keeper_program.get("/api/v1/teams/")
    keeper_program.delete(f"/api/v1/heroes/{hero.pk}")
    assert not Disclosure.objects.exists()


@outsiders
@pytest.mark.parametrize("how", [program, browser])
def test_responses_to_others_do_not_contain_it(how, who, hero, someone):
    client = how(someone(who))
    for address in ("/api/v1/heroes/", f"/api/v1/heroes/{hero.pk}", f"/api/v1/teams/{TeamFactory().pk}"):
        response = client.get(address)
        assert response.status_code == 200
        assert "secret" not in response.content.decode()
        assert not contains_secret(response)
    assert not Disclosure.objects.exists()


def test_nested_heroes_of_a_team_do_not_contain_it_even_for_a_keeper(keeper_program):
    team = TeamFactory()
    HeroFactory(team=team, secret_name=SECRET)
    assert not contains_secret(keeper_program.get(f"/api/v1/teams/{team.pk}"))
    assert not contains_secret(keeper_program.get("/api/v1/teams/"))


# Setting it without reading it ------------------------------------------------------------


@interfaces
@pytest.mark.parametrize("who", ["editor", "keeper", "administrator"])
def test_an_edit_form_never_carries_it(who, interface, hero, someone):
    client = browser(someone(who))
    response = client.get(address_at(interface, hero, "edit"))
    field = read(response).one("input", name="secret_name")
    assert field.attributes.get("value", "") == ""
    assert field["autocomplete"] == "off"
    assert "Leave blank to keep the current secret name." in read(response).text
    assert not contains_secret(response)
    assert not Disclosure.objects.exists()


@interfaces
@pytest.mark.parametrize("who", ["editor", "keeper"])
def test_an_invalid_edit_form_does_not_contain_it(who, interface, hero, someone):
    response = fill_in(browser(someone(who)), address_at(interface, hero, "edit"), name="")
    assert response.status_code in (200, 422)
    assert "This field is required." in read(response).text
    assert not contains_secret(response)


@interfaces
@pytest.mark.parametrize("who", ["editor", "keeper", "administrator"])
@pytest.mark.parametrize("typed", ["", "   "])
def test_a_blank_field_does_not_change_it(typed, who, interface, hero, someone):
    client = browser(someone(who))
    response = fill_in(client, address_at(interface, hero, "edit"), secret_name=typed, age="41")
    assert response.status_code == 302
    hero.refresh_from_db()
    assert (hero.secret_name, hero.age, hero.version) == (SECRET, 41, 2)


@interfaces
def test_a_blank_field_without_other_changes_saves_nothing(interface, hero, editor_browser):
    fill_in(editor_browser, address_at(interface, hero, "edit"), secret_name="")
    hero.refresh_from_db()
    assert (hero.secret_name, hero.version) == (SECRET, 1)


@interfaces
def test_a_new_hero_needs_one(interface, editor_browser):
    address = "/heroes/new/" if interface == "website" else f"{ADMIN}add/"
    response = fill_in(editor_browser, address, name="Owl", secret_name="")
    assert "This field is required." in read(response).text
    assert not Hero.objects.exists()
    assert fill_in(editor_browser, address, name="Owl", secret_name="Somebody").status_code == 302
    assert Hero.objects.get().secret_name == "Somebody"


@interfaces
def test_an_editor_can_set_it_in_a_form_and_never_sees_it(interface, hero, editor_browser):
    new = "Nora Quill"
    response = fill_in(editor_browser, address_at(interface, hero, "edit"), secret_name=new)
    assert response.status_code == 302
    hero.refresh_from_db()
    assert (hero.secret_name, hero.version) == (new, 2)
    for action in ("", "edit", "delete"):
        assert new not in editor_browser.get(address_at(interface, hero, action)).content.decode()
    assert new not in editor_browser.get(f"{ADMIN}{hero.pk}/history/").content.decode()


def test_an_editor_can_set_it_at_the_api_and_never_sees_it(editor_program):
    response = editor_program.post("/api/v1/heroes/", {"name": "Owl", "secret_name": "First"})
    assert response.status_code == 201
    assert "secret_name" not in response.json()
    address = f"/api/v1/heroes/{response.json()['id']}"
    for number, send in enumerate([editor_program.patch, editor_program.put], 2):
        response = send(address, {"name": "Owl", "secret_name": f"Number {number}"})
        assert response.status_code == 200
        assert "secret_name" not in response.json()
        assert Hero.objects.get().secret_name == f"Number {number}"
        assert Hero.objects.get().version == number


def test_put_by_an_editor_without_it_does_not_change_it(hero, editor_program):
    response = editor_program.put(f"/api/v1/heroes/{hero.pk}", {"name": "Lamplighter", "age": 7})
    assert response.status_code == 200
    hero.refresh_from_db()
    assert (hero.secret_name, hero.age) == (SECRET, 7)


def test_put_by_a_keeper_requires_it(hero, keeper_program):
    response = keeper_program.put(f"/api/v1/heroes/{hero.pk}", {"name": "Lamplighter"})
    assert response.status_code == 422
    assert [fault["pointer"] for fault in response.json()["errors"]] == ["/secret_name"]


# No hints for guesses --------------------------------------------------------------------


@pytest.mark.parametrize("guess", [SECRET, "somebody else"], ids=["right", "wrong"])
@interfaces
def test_a_guess_in_a_form_counts_as_a_change_right_or_wrong(interface, guess, hero, editor_browser):
    response = fill_in(editor_browser, address_at(interface, hero, "edit"), secret_name=guess)
    assert response.status_code == 302
    hero.refresh_from_db()
    assert (hero.secret_name, hero.version) == (guess, 2)


@interfaces
def test_a_right_and_a_wrong_guess_get_the_same_response(interface, hero, editor_browser):
    responses = []
    for guess in (SECRET, "somebody else"):
        fill_in(editor_browser, address_at(interface, hero, "edit"), secret_name=guess)
        page = read(editor_browser.get(address_at(interface, hero, "")))
        responses.append([message.text for message in page.all("ul")])
    assert responses[0] == responses[1]


@pytest.mark.parametrize("guess", [SECRET, "somebody else"], ids=["right", "wrong"])
@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_guess_at_the_api_counts_as_a_change_right_or_wrong(method, guess, hero, editor_program):
    body = {"name": "Lamplighter", "age": hero.age, "secret_name": guess}
    response = getattr(editor_program, method)(f"/api/v1/heroes/{hero.pk}", body)
    assert response.json()["version"] == 2
    hero.refresh_from_db()
    assert (hero.secret_name, hero.version) == (guess, 2)
    assert hero.updated_at > hero.created_at


@pytest.mark.parametrize("method", ["put", "patch"])
def test_sending_it_back_unchanged_as_a_keeper_is_no_change(method, hero, keeper_program):
    address = f"/api/v1/heroes/{hero.pk}"
    body = keeper_program.get(address).json()
    response = getattr(keeper_program, method)(address, body)
    assert (response.status_code, response.json()) == (200, body)
    hero.refresh_from_db()
    assert hero.version == 1


# Who saw what -----------------------------------------------------------------------------


def test_staff_can_read_the_access_log_and_not_change_it(hero, keeper_browser, administrator_browser):
    keeper_browser.post(f"/heroes/{hero.pk}/reveal/")
    seen = Disclosure.objects.get()
    rows = administrator_browser.get("/admin/records/disclosure/")
    assert "keeper" in read(rows).one("table", id="result_list").text
    assert not contains_secret(rows)
    address = f"/admin/records/disclosure/{seen.pk}/"
    response = administrator_browser.get(f"{address}change/")
    assert response.status_code == 200
    assert str(hero.pk) in read(response).one("main").text
    assert not read(response).one("main").all("input", type="submit")
    assert not contains_secret(response)
    for attempt in (f"{address}change/", f"{address}delete/", "/admin/records/disclosure/add/"):
        assert administrator_browser.post(attempt, {"username": "x", "post": "yes"}).status_code == 403
    administrator_browser.post(
        "/admin/records/disclosure/",
        {"action": "delete_selected", "_selected_action": seen.pk, "post": "yes"},
    )
    assert Disclosure.objects.get().username == "keeper"


def test_the_access_log_remains_when_the_user_is_deleted(hero, keeper, keeper_browser):
    keeper_browser.post(f"/heroes/{hero.pk}/reveal/")
    keeper.delete()
    seen = Disclosure.objects.get()
    assert (seen.user, seen.username, seen.ids) == (None, "keeper", [hero.pk])


@pytest.mark.parametrize("allowed", [["view_hero"], ["view_hero", "view_secret_name"]])
def test_staff_who_can_only_view_do_not_see_it_in_the_admin(allowed, hero):
    clerk = person("clerk", staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=allowed))
    client = browser(clerk)
    response = client.get(address_at("admin", hero, ""))
    assert "Lamplighter" in read(response).one("main").text
    has_button = "secret" in response.content.decode().lower()
    assert has_button == ("view_secret_name" in allowed)
    assert not contains_secret(response)
    assert not contains_secret(client.get(ADMIN))


def test_it_can_be_shown_without_the_permission_to_change(hero):
    auditor = person("auditor")
    auditor.user_permissions.add(Permission.objects.get(codename="view_secret_name"))
    response = browser(auditor).post(f"/heroes/{hero.pk}/reveal/")
    assert SECRET in read(response).text
    assert Disclosure.objects.get().username == "auditor"


@pytest.mark.parametrize(
    ("search", "count"), [("hero 1", 1), ("keeper 11", 1), ("keeper", 2), ("1", 1), ("2", 0)]
)
def test_staff_can_search_the_access_log_by_hero(search, count, keeper, editor_browser):
    for pk in (1, 11):
        Disclosure.objects.record(keeper, Source.API, "secret_name", [Hero(pk=pk), Hero(pk=100 + pk)])
    page = read(editor_browser.get("/admin/records/disclosure/", {"q": search}))
    assert len(page.all("th", class_="field-at")) == count


@pytest.mark.parametrize(("who", "version"), [("editor", 2), ("keeper", 1)])
def test_sending_the_same_secret_is_a_change_only_by_users_who_cannot_see_it(who, version, someone):
    user = someone(who)
    for name, interface in all_interfaces(user, Hero).items():
        hero = HeroFactory(age=None)
        values = {"name": hero.name, "secret_name": hero.secret_name, "age": None, "team": None}
        assert interface.send(values, hero.pk).accepted
        hero.refresh_from_db()
        assert hero.version == version, name
