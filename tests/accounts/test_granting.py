"""Nobody grants permissions that they don't have, or takes over a user who has more."""

import pytest
from django.contrib.auth.models import Group, Permission, User

from tests.markup import fill_in, form_with, read
from tests.people import PASSWORD, browser, person, program

pytestmark = pytest.mark.django_db

USERS, GROUPS = "/admin/auth/user/", "/admin/auth/group/"


def permission(name):
    app, codename = name.split(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


def key(name):
    return str(permission(name).pk)


def group_id(name):
    return str(Group.objects.get(name=name).pk)


@pytest.fixture
def manager():
    """An editor who manages users and groups."""
    user = person("manager", "Editors", staff=True)
    for model in ("user", "group"):
        for action in ("add", "change", "delete"):
            user.user_permissions.add(permission(f"auth.{action}_{model}"))
    return user


@pytest.fixture
def client(manager):
    return browser(manager)


def change(client, user, **values):
    return fill_in(client, f"{USERS}{user.pk}/change/", press="_save", **values)


def change_group(client, name, **values):
    return fill_in(client, f"{GROUPS}{group_id(name)}/change/", press="_save", **values)


def reload(user):
    return User.objects.get(pk=user.pk)  # without the permissions that Django has cached


def has_less(user):
    """Whether the user has neither the secret names nor superuser status."""
    user = reload(user)
    return not (user.is_superuser or user.has_perm("heroes.view_secret_name"))


# Granting ---------------------------------------------------------------------------------


def test_a_manager_grants_what_they_have(client, reader):
    values = {"groups": [group_id("Editors")], "user_permissions": [key("auth.change_user")]}
    assert change(client, reader, is_staff="on", **values).status_code == 302
    user = reload(reader)
    assert user.is_staff
    assert user.has_perms(["heroes.change_hero", "auth.change_user"])


@pytest.mark.parametrize("who", ["reader", "manager"])
def test_a_manager_cannot_grant_superuser_status(who, client, request):
    user = request.getfixturevalue(who)
    response = change(client, user, is_superuser="on", first_name="Nora")
    assert "Only a superuser can grant superuser status." in read(response).text
    assert has_less(user)
    form = form_with(read(response), "first_name").values()
    assert (form["first_name"], form["is_superuser"]) == ("Nora", "on")


@pytest.mark.parametrize("who", ["reader", "manager"])
def test_a_manager_cannot_add_users_to_a_group_with_more_permissions(who, client, request):
    user = request.getfixturevalue(who)
    groups = [group_id("Editors"), group_id("Keepers")]
    response = change(client, user, groups=groups)
    text = read(response).text
    assert "You can't add users to Keepers. It has permissions that you don't have: Heroes | hero | " in text
    assert has_less(user)
    assert sorted(form_with(read(response), "groups").values()["groups"]) == sorted(groups)


@pytest.mark.parametrize("who", ["reader", "manager"])
def test_a_manager_cannot_grant_a_permission_that_they_lack(who, client, request):
    user = request.getfixturevalue(who)
    response = change(client, user, user_permissions=[key("heroes.view_secret_name")])
    assert "You can't grant permissions that you don't have: Heroes | hero | " in read(response).text
    assert has_less(user)


def test_a_manager_who_is_a_keeper_can_add_users_to_keepers(client, manager, reader):
    manager.groups.add(Group.objects.get(name="Keepers"))
    assert change(client, reader, groups=[group_id("Keepers")]).status_code == 302
    assert reload(reader).has_perm("heroes.view_secret_name")


def test_a_manager_edits_themselves(client, manager):
    assert change(client, manager, first_name="Mona").status_code == 302
    manager.refresh_from_db()
    assert manager.first_name == "Mona"


def test_an_administrator_grants_everything(administrator_browser, reader):
    values = {"groups": [group_id("Keepers")], "user_permissions": [key("auth.change_user")]}
    assert change(administrator_browser, reader, is_superuser="on", **values).status_code == 302
    assert reload(reader).is_superuser


def test_a_new_user_has_no_permissions(client):
    form = {"username": "nora", "password1": PASSWORD, "password2": PASSWORD}
    more = {"is_superuser": "on", "groups": [group_id("Keepers")]}
    page = read(client.get(f"{USERS}add/"))
    response = client.post(f"{USERS}add/", form_with(page, "username").values() | form | more)
    assert response.status_code == 302
    assert has_less(User.objects.get(username="nora"))


# Groups -----------------------------------------------------------------------------------


def test_a_manager_cannot_add_a_permission_that_they_lack_to_a_group(client, manager):
    group = Group.objects.create(name="Owls")
    manager.groups.add(group)
    permissions = [key("heroes.view_secret_name"), key("heroes.change_hero")]
    response = change_group(client, "Owls", permissions=permissions)
    assert "You can't grant permissions that you don't have: Heroes | hero | " in read(response).text
    assert not group.permissions.exists()
    assert sorted(form_with(read(response), "permissions").values()["permissions"]) == sorted(permissions)
    assert has_less(manager)


def test_a_manager_cannot_add_a_group_with_a_permission_that_they_lack(client):
    values = {"name": "Owls", "permissions": [key("heroes.view_secret_name")]}
    response = fill_in(client, f"{GROUPS}add/", press="_save", **values)
    assert "You can't grant permissions that you don't have: Heroes | hero | " in read(response).text
    assert not Group.objects.filter(name="Owls").exists()


def test_a_manager_edits_a_group_with_permissions_that_they_have(client):
    assert change_group(client, "Editors", permissions=[key("heroes.add_hero")]).status_code == 302
    assert Group.objects.get(name="Editors").permissions.get() == permission("heroes.add_hero")


def test_a_manager_cannot_edit_or_delete_a_group_with_more_permissions(client):
    pk = group_id("Keepers")
    before = Group.objects.get(pk=pk).permissions.count()
    page = read(client.get(f"{GROUPS}{pk}/change/"))
    message = "You can't change Keepers. It has permissions that you don't have: Heroes | hero | "
    assert message in page.text
    assert not page.all("input", type="submit", name="_save")
    response = client.post(f"{GROUPS}{pk}/change/", {"name": "Owls", "permissions": []})
    assert response.status_code == 403
    assert message in read(response).text
    response = client.post(f"{GROUPS}{pk}/delete/", {"post": "yes"})
    assert response.status_code == 403
    assert "You can't delete Keepers." in read(response).text
    delete_selected(client, GROUPS, pk)
    assert Group.objects.get(pk=pk).permissions.count() == before


# A user with more permissions -------------------------------------------------------------


def boss():
    return person("boss", staff=True, superuser=True)


def keeper():
    return person("secret", "Keepers")


def granted():
    user = person("granted")
    user.user_permissions.add(permission("heroes.view_secret_name"))
    return user


def inactive():
    user = person("inactive", superuser=True)
    user.is_active = False
    user.save()
    return user


more = pytest.mark.parametrize("create", [boss, keeper, granted, inactive])


def delete_selected(client, address, *keys, **values):
    form = {"action": "delete_selected", "_selected_action": keys, "post": "yes", **values}
    return client.post(address, form, follow=True)


@more
def test_a_manager_cannot_edit_a_user_with_more_permissions(create, client):
    user = create()
    page = read(client.get(f"{USERS}{user.pk}/change/"))
    assert f"You can't change {user}. They have permissions that you don't have: " in page.text
    assert not page.all("input", type="submit", name="_save")
    form = {"username": "x", "email": "a@example.org", "date_joined_0": "2026-01-01", "date_joined_1": "0:0"}
    response = client.post(f"{USERS}{user.pk}/change/", form)
    assert response.status_code == 403
    assert f"You can't change {user}. They have permissions that you don't have: " in read(response).text
    assert (reload(user).username, reload(user).email) == (user.username, user.email)


@more
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_manager_cannot_set_the_password_of_a_user_with_more_permissions(method, create, client):
    user = create()
    token = program(user)
    form = {"usable_password": "true", "password1": "a new battery", "password2": "a new battery"}
    response = getattr(client, method)(f"{USERS}{user.pk}/password/", form)
    assert response.status_code == 403
    assert f"You can't change {user}. They have permissions that you don't have: " in read(response).text
    assert reload(user).check_password(PASSWORD)
    if user.is_active:
        assert token.get("/api/v1/heroes/").status_code == 200


@more
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_manager_cannot_delete_a_user_with_more_permissions(method, create, client):
    user = create()
    response = getattr(client, method)(f"{USERS}{user.pk}/delete/", {"post": "yes"})
    assert response.status_code == 403
    assert f"You can't delete {user}. They have permissions that you don't have: " in read(response).text
    assert reload(user)


@more
@pytest.mark.parametrize("everything", [{}, {"select_across": "1"}])
def test_a_selection_with_a_user_with_more_permissions_is_not_deleted(everything, create, client, reader):
    user = create()
    response = delete_selected(client, USERS, str(user.pk), str(reader.pk), **everything)
    assert f"You can't delete {user}. They have permissions that you don't have: " in read(response).text
    assert reload(user)
    assert reload(reader)


def test_a_manager_edits_and_deletes_a_user_with_less_permissions(client):
    first, second, third = person("a"), person("b", "Editors"), person("c", staff=True)
    assert change(client, first, email="new@example.org").status_code == 302
    assert reload(first).email == "new@example.org"
    passwords = {"password1": "a new battery", "password2": "a new battery"}
    assert fill_in(client, f"{USERS}{second.pk}/password/", **passwords).status_code == 302
    assert reload(second).check_password("a new battery")
    assert fill_in(client, f"{USERS}{third.pk}/delete/", post="yes").status_code == 302
    delete_selected(client, USERS, str(first.pk), str(second.pk))
    assert not User.objects.filter(pk__in=[first.pk, second.pk, third.pk]).exists()


def test_a_superuser_edits_and_deletes_a_superuser(administrator_browser):
    user = boss()
    assert change(administrator_browser, user, email="new@example.org").status_code == 302
    assert fill_in(administrator_browser, f"{USERS}{user.pk}/delete/", post="yes").status_code == 302
    assert not User.objects.filter(pk=user.pk).exists()
