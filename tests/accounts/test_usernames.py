"""Usernames are unique ignoring case, and people sign in with either case, on both databases."""

import io
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection

from heroesite.api.models import ApiToken
from tests.markup import fill_in, form_with, read
from tests.people import PASSWORD, browser, person
from tests.threads import in_parallel

pytestmark = pytest.mark.django_db

USERS = "/admin/auth/user/"
SAME = [
    ("Éclair", "éclair"),
    ("éclair", "ÉCLAIR"),
    ("Straße", "STRASSE"),
    ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ("editor", "ｅｄｉｔｏｒ"),
    ("anna", "Anna"),
]
DIFFERENT = [("eclair", "éclair"), ("ı", "i"), ("anna", "anna.")]


def add(client, username):
    form = {"username": username, "password1": PASSWORD, "password2": PASSWORD}
    return fill_in(client, f"{USERS}add/", press="_save", **form)


def rename(client, user, username):
    values = {"username": username, "email": ""}
    return fill_in(client, f"{USERS}{user.pk}/change/", press="_save", **values)


def sign_in(username, password=PASSWORD):
    client = browser()
    fill_in(client, "/account/login/", login=username, password=password)
    return client.session.get("_auth_user_id")


# Signing in -------------------------------------------------------------------------------


@pytest.mark.parametrize(("stored", "typed"), SAME)
def test_people_sign_in_with_their_username_in_either_case(stored, typed):
    user = person(stored)
    assert sign_in(stored) == str(user.pk)
    assert sign_in(typed) == str(user.pk)
    assert sign_in(typed, "wrong") is None


@pytest.mark.parametrize(("stored", "typed"), DIFFERENT)
def test_names_that_differ_in_more_than_case_are_two_users(stored, typed):
    first = person(stored)
    assert sign_in(typed) is None
    second = person(typed)
    assert (sign_in(stored), sign_in(typed)) == (str(first.pk), str(second.pk))


def test_a_renamed_user_signs_in_with_the_new_name_only(administrator_browser):
    user = person("Éclair")
    assert rename(administrator_browser, user, "Ärger").status_code == 302
    assert sign_in("ärger") == str(user.pk)
    assert sign_in("éclair") is None


def test_a_token_is_issued_for_a_username_in_either_case():
    user = person("Éclair")
    call_command("issue_token", "éclair", stdout=io.StringIO())
    assert ApiToken.objects.get().user == user


# One user per name, however it is saved ---------------------------------------------------


@pytest.mark.parametrize(("stored", "typed"), SAME)
def test_the_admin_rejects_a_second_user_with_that_name(stored, typed, administrator_browser):
    person(stored)
    response = add(administrator_browser, typed)
    page = read(response)
    assert f"There is already a user named {stored}. Choose another name." in page.text
    assert form_with(page, "username").values()["username"]
    assert User.objects.count() == 2


def test_the_admin_rejects_renaming_a_user_to_an_existing_name(administrator_browser):
    person("Éclair")
    other = person("other")
    page = read(rename(administrator_browser, other, "éclair"))
    assert "There is already a user named Éclair. Choose another name." in page.text
    other.refresh_from_db()
    assert other.username == "other"


def test_the_admin_changes_the_case_of_a_name(administrator_browser):
    user = person("éclair")
    assert rename(administrator_browser, user, "Éclair").status_code == 302
    user.refresh_from_db()
    assert user.username == "Éclair"
    assert sign_in("ÉCLAIR") == str(user.pk)


def test_create_user_rejects_a_second_user_with_that_name():
    person("Éclair")
    with pytest.raises(ValidationError) as error:
        User.objects.create_user("éclair")
    assert error.value.message_dict == {
        "username": ["There is already a user named Éclair. Choose another name."]
    }
    assert User.objects.count() == 1


def test_createsuperuser_rejects_a_second_user_with_that_name(monkeypatch):
    person("Éclair")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    with pytest.raises(CommandError) as error:
        call_command("createsuperuser", interactive=False, username="éclair", email="a@example.org")
    assert "There is already a user named Éclair. Choose another name." in str(error.value)
    assert User.objects.count() == 1


def test_the_name_of_a_deleted_user_can_be_used_again():
    person("Éclair").delete()
    assert sign_in("éclair") is None
    user = person("éclair")
    assert sign_in("Éclair") == str(user.pk)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("restore_groups")
def test_of_two_concurrent_requests_to_add_one_name_one_is_rejected():
    owner = person("owner", staff=True, superuser=True)
    clients = [browser(owner), browser(owner)]
    names = ["Éclair", "éclair"]
    forms = [form_with(read(client.get(f"{USERS}add/")), "username").values() for client in clients]

    def send(client, form, username):
        values = {"username": username, "password1": PASSWORD, "password2": PASSWORD}
        return client.post(f"{USERS}add/", {**form, **values})

    responses = in_parallel(
        *(partial(send, *arguments) for arguments in zip(clients, forms, names, strict=True))
    )
    assert sorted(response.status_code for response in responses) == [200, 302]
    assert User.objects.exclude(pk=owner.pk).count() == 1


# Upgrading --------------------------------------------------------------------------------


def migrate(*target):
    call_command("migrate", "accounts", *target, verbosity=0)


@pytest.fixture
def before_the_migration(transactional_db, restore_groups):
    migrate("zero")
    yield
    if not is_migrated():  # the test has failed
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM auth_user")
    migrate()


def is_migrated():
    return "accounts_foldedusername" in connection.introspection.table_names()


def create(*usernames):
    users = [User(username=username) for username in usernames]
    for user in users:
        user.set_password(PASSWORD)
    return User.objects.bulk_create(users)


@pytest.mark.usefixtures("before_the_migration")
def test_the_migration_folds_the_names_of_all_users():
    (user, _other) = create("Éclair", "other")
    migrate()
    assert sign_in("éclair") == str(user.pk)


@pytest.mark.usefixtures("before_the_migration")
def test_the_migration_stops_at_names_that_differ_only_in_case_and_lists_them():
    first, second, third, _other, bob, upper = create("Éclair", "éclair", "ÉCLAIR", "other", "bob", "BOB")
    with pytest.raises(CommandError) as error:
        migrate()
    message = str(error.value)
    assert f"Éclair (id {first.pk}), éclair (id {second.pk}), ÉCLAIR (id {third.pk})" in message
    assert f"bob (id {bob.pk}), BOB (id {upper.pk})" in message
    assert "other" not in message
    assert f"User.objects.filter(pk={second.pk}).update(username='NEW NAME')" in message
    assert not is_migrated()
    for user in (second, third, upper):
        User.objects.filter(pk=user.pk).update(username=f"user {user.pk}")
    migrate()
    assert sign_in("ÉCLAIR") == str(first.pk)
    assert sign_in("Bob") == str(bob.pk)
