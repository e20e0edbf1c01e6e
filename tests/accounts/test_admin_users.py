"""Administrators add users in the admin and put them in groups, which grant permissions."""

import pytest
from django.contrib.auth.models import Group, User

from heroes.models import Hero
from heroesite.records.registry import record_types
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.markup import fill_in, form_with, read
from tests.people import PASSWORD, browser, person

pytestmark = pytest.mark.django_db

USERS = "/admin/auth/user/"
EDITING = {
    f"{record_type.prefix}.{action}_{record_type.basename}"
    for record_type in record_types()
    for action in ("add", "change", "delete", "view")
}


def permissions_of(group):
    rows = Group.objects.get(name=group).permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in rows}


def add_user(client, name="nora", **values):
    """Add a user as the admin does: username and password first, the rest on the next page."""
    response = fill_in(
        client, f"{USERS}add/", press="_save", username=name, password1=PASSWORD, password2=PASSWORD
    )
    assert response.status_code == 302
    return fill_in(client, response["Location"], press="_save", **values)


def sign_in(name="nora"):
    client = browser()
    fill_in(client, "/account/login/", login=name, password=PASSWORD)
    return client


def group_id(name):
    return str(Group.objects.get(name=name).pk)


# The groups -------------------------------------------------------------------------------


def test_a_new_register_has_two_groups():
    assert sorted(Group.objects.values_list("name", flat=True)) == ["Editors", "Keepers"]


def test_editors_write_records_and_nothing_else():
    assert permissions_of("Editors") == EDITING


def test_keepers_also_see_secret_names():
    assert permissions_of("Keepers") == EDITING | {"heroes.view_secret_name"}


# Adding a user ----------------------------------------------------------------------------


def test_a_user_in_editors_can_edit(administrator_browser):
    hero = HeroFactory(secret_name="Edith Wren")
    response = add_user(administrator_browser, groups=[group_id("Editors")])
    assert response.status_code == 302
    client = sign_in()
    assert fill_in(client, "/heroes/new/", name="Owl", secret_name="x").status_code == 302
    assert fill_in(client, f"/heroes/{hero.pk}/edit/", name="Renamed").status_code == 302
    assert fill_in(client, "/teams/new/", name="Owls", headquarters="Here").status_code == 302
    assert fill_in(client, f"/heroes/{hero.pk}/delete/").status_code == 302
    assert list(Hero.objects.values_list("name", flat=True)) == ["Owl"]
    assert Team.objects.get().name == "Owls"
    assert client.post(f"/heroes/{Hero.objects.get().pk}/reveal/").status_code == 403


def test_a_user_in_keepers_sees_secret_names(administrator_browser):
    hero = HeroFactory(secret_name="Edith Wren")
    add_user(administrator_browser, groups=[group_id("Keepers")])
    response = sign_in().post(f"/heroes/{hero.pk}/reveal/")
    assert "Edith Wren" in read(response).text


def test_a_user_in_no_group_only_reads(administrator_browser):
    add_user(administrator_browser)
    client = sign_in()
    assert client.get("/heroes/").status_code == 200
    assert client.get("/heroes/new/").status_code == 403


def test_an_editor_who_is_staff_also_edits_in_the_admin(administrator_browser):
    add_user(administrator_browser, groups=[group_id("Editors")], is_staff="on")
    client = sign_in()
    values = {"name": "Owl", "secret_name": "x"}
    assert fill_in(client, "/admin/heroes/hero/add/", press="_save", **values).status_code == 302
    assert Hero.objects.get().name == "Owl"
    assert client.get(USERS).status_code == 403


def test_an_editor_who_is_not_staff_cannot_open_the_admin(administrator_browser):
    add_user(administrator_browser, groups=[group_id("Editors")])
    assert sign_in().get("/admin/", follow=True).status_code == 403


def test_a_user_removed_from_editors_can_no_longer_edit(administrator_browser):
    add_user(administrator_browser, groups=[group_id("Editors")])
    client = sign_in()
    assert client.get("/heroes/new/").status_code == 200
    pk = User.objects.get(username="nora").pk
    fill_in(administrator_browser, f"{USERS}{pk}/change/", press="_save", groups=[])
    assert client.get("/heroes/new/").status_code == 403


def test_a_deactivated_user_is_signed_out(administrator_browser):
    add_user(administrator_browser, groups=[group_id("Editors")])
    client = sign_in()
    pk = User.objects.get(username="nora").pk
    form = form_with(read(administrator_browser.get(f"{USERS}{pk}/change/")), "groups").values()
    form.pop("is_active")
    assert administrator_browser.post(f"{USERS}{pk}/change/", form).status_code == 302
    assert client.get("/heroes/new/").status_code == 302
    assert "Sign in" in read(client.get("/")).text


@pytest.mark.parametrize(
    ("password", "message"),
    [("short", "too short"), ("password123", "too common"), ("93741852079", "entirely numeric")],
)
def test_a_weak_password_is_rejected(password, message, administrator_browser):
    response = fill_in(
        administrator_browser,
        f"{USERS}add/",
        press="_save",
        username="nora",
        password1=password,
        password2=password,
    )
    assert message in read(response).text
    assert not User.objects.filter(username="nora").exists()


def test_an_administrator_sets_the_password_of_a_user(administrator_browser):
    nora = person("nora")
    values = {"password1": "a new battery", "password2": "a new battery"}
    response = fill_in(administrator_browser, f"{USERS}{nora.pk}/password/", **values)
    assert response.status_code == 302
    nora.refresh_from_db()
    assert nora.check_password("a new battery")


def test_administrators_search_and_filter_the_users(administrator_browser):
    person("nora", "Editors")
    person("otto", staff=True)

    def found(query):
        table = read(administrator_browser.get(f"{USERS}?{query}")).one("table", id="result_list")
        return [cell.text for cell in table.all("th", class_="field-username")]

    assert found("") == ["administrator", "nora", "otto"]
    assert found("q=NOR") == ["nora"]
    assert found("is_staff__exact=1") == ["administrator", "otto"]
    assert found(f"groups__id__exact={group_id('Editors')}") == ["nora"]


def test_a_new_group_grants_its_permissions(administrator_browser):
    form = read(administrator_browser.get("/admin/auth/group/add/")).one("select", name="permissions")
    (permission,) = [option["value"] for option in form.all("option") if option.text.endswith("Can add team")]
    values = {"name": "Founders", "permissions": [permission]}
    assert (
        fill_in(administrator_browser, "/admin/auth/group/add/", press="_save", **values).status_code == 302
    )
    client = browser(person("nora", "Founders"))
    assert client.get("/teams/new/").status_code == 200
    assert client.get("/heroes/new/").status_code == 403
    assert client.get(f"/teams/{TeamFactory().pk}/edit/").status_code == 403


def test_deleting_a_user_needs_confirmation_and_deletes_no_heroes(administrator_browser):
    nora = person("nora", "Editors")
    fill_in(browser(nora), "/heroes/new/", name="Owl", secret_name="x")
    assert nora.username in read(administrator_browser.get(f"{USERS}{nora.pk}/delete/")).text
    assert User.objects.filter(pk=nora.pk).exists()
    fill_in(administrator_browser, f"{USERS}{nora.pk}/delete/", post="yes")
    assert not User.objects.filter(pk=nora.pk).exists()
    assert Hero.objects.get().name == "Owl"
