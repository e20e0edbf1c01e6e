"""Changing or resetting a password can revoke the user's API tokens."""

import io
import re

import pytest
from django.contrib.auth.management.commands import changepassword
from django.core.management import call_command

from heroesite.api.models import ApiToken
from tests.markup import fill_in, form_with, read
from tests.people import PASSWORD, browser, program

pytestmark = pytest.mark.django_db

CHANGE = "/account/password/change/"
RESET = "/account/password/reset/"
NEW = "a new battery of staples"


@pytest.fixture
def scripts(editor):
    """Two programs that act for the editor."""
    return [program(editor), program(editor, read_only=True)]


def are_accepted(programs):
    return [client.get("/api/v1/heroes/").status_code for client in programs] == [200] * len(programs)


def are_rejected(programs):
    return [client.get("/api/v1/heroes/").status_code for client in programs] == [401] * len(programs)


# Change password --------------------------------------------------------------------------


def change(client, **values):
    passwords = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    return fill_in(client, CHANGE, **{**passwords, **values})


def test_changing_the_password_revokes_no_tokens_by_default(editor, editor_browser, scripts):
    response = change(editor_browser)
    assert "Password changed." in read(editor_browser.get(response["Location"])).text
    editor.refresh_from_db()
    assert editor.check_password(NEW)
    assert are_accepted(scripts)


def test_changing_the_password_revokes_the_tokens_if_selected(keeper, editor_browser, scripts):
    others = [program(keeper)]
    page = read(editor_browser.get(CHANGE))
    assert "Revoke my API tokens" in page.text
    assert "You have 2 API tokens. They are valid until they expire or you revoke them." in page.text
    response = change(editor_browser, revoke_tokens="on")
    page = read(editor_browser.get(response["Location"]))
    messages = page.one("ul", class_="messages").text
    assert messages == "2 API tokens revoked. Password changed."
    assert are_rejected(scripts)
    assert are_accepted(others)


def test_an_invalid_password_revokes_no_tokens_and_the_box_remains_checked(editor_browser, scripts):
    response = change(editor_browser, revoke_tokens="on", oldpassword="wrong")
    assert form_with(read(response), "oldpassword").values()["revoke_tokens"] == "on"
    assert are_accepted(scripts)


def test_without_tokens_the_form_has_no_box_to_revoke_them(editor, editor_browser, mailoutbox):
    assert "token" not in read(editor_browser.get(CHANGE)).one("main").text.lower()
    visitor = browser()
    step = visitor.get(mailed_link(visitor, mailoutbox))
    assert "token" not in read(visitor.get(step["Location"])).one("main").text.lower()


def test_the_admin_redirects_to_the_page_for_changing_a_password(editor_browser):
    response = editor_browser.get("/admin/password_change/")
    assert (response.status_code, response["Location"]) == (302, CHANGE)


# Forgot password --------------------------------------------------------------------------


def mailed_link(client, mailoutbox):
    fill_in(client, RESET, email="editor@example.org")
    return re.search(r"http://testserver(\S+)", mailoutbox[-1].body)[1]


def reset(client, mailoutbox, **values):
    step = client.get(mailed_link(client, mailoutbox))
    return fill_in(client, step["Location"], password1=NEW, password2=NEW, **values)


def test_resetting_the_password_revokes_the_tokens_by_default(editor, scripts, visitor_browser, mailoutbox):
    response = reset(visitor_browser, mailoutbox)
    assert "2 API tokens revoked." in read(visitor_browser.get(response["Location"])).text
    editor.refresh_from_db()
    assert editor.check_password(NEW)
    assert are_rejected(scripts)


def test_resetting_the_password_revokes_no_tokens_if_deselected(scripts, visitor_browser, mailoutbox):
    page = read(
        visitor_browser.get(visitor_browser.get(mailed_link(visitor_browser, mailoutbox))["Location"])
    )
    assert "Keep my API tokens" in page.text
    assert "You have 2 API tokens. Unless you keep them, they will be revoked." in page.text
    reset(visitor_browser, mailoutbox, keep_tokens="on")
    assert are_accepted(scripts)


def test_opening_the_reset_link_revokes_no_tokens(scripts, visitor_browser, mailoutbox):
    visitor_browser.get(mailed_link(visitor_browser, mailoutbox), follow=True)
    assert are_accepted(scripts)


# By an administrator ----------------------------------------------------------------------


def test_a_password_set_by_an_administrator_revokes_the_tokens(
    editor, keeper, scripts, administrator_browser
):
    others = [program(keeper)]
    address = f"/admin/auth/user/{editor.pk}/password/"
    assert "The user's API tokens will be revoked." in read(administrator_browser.get(address)).text
    assert fill_in(administrator_browser, address, password1=NEW, password2=NEW).status_code == 302
    assert are_rejected(scripts)
    assert are_accepted(others)


def test_a_password_disabled_by_an_administrator_revokes_the_tokens(editor, scripts, administrator_browser):
    form = {"usable_password": "false", "password1": "", "password2": ""}
    address = f"/admin/auth/user/{editor.pk}/password/"
    assert fill_in(administrator_browser, address, "unset-password", **form).status_code == 302
    editor.refresh_from_db()
    assert not editor.has_usable_password()
    assert are_rejected(scripts)


def test_a_weak_password_set_by_an_administrator_revokes_nothing(editor, scripts, administrator_browser):
    fill_in(administrator_browser, f"/admin/auth/user/{editor.pk}/password/", password1="x", password2="x")
    assert are_accepted(scripts)


def test_saving_a_user_in_the_admin_revokes_no_tokens(editor, scripts, administrator_browser):
    values = {"first_name": "Edith"}
    fill_in(administrator_browser, f"/admin/auth/user/{editor.pk}/change/", press="_save", **values)
    assert are_accepted(scripts)


def test_a_password_set_from_the_command_line_revokes_the_tokens(editor, keeper, scripts, monkeypatch):
    others = [program(keeper)]
    monkeypatch.setattr(changepassword.getpass, "getpass", lambda prompt: NEW)
    output = io.StringIO()
    call_command("changepassword", "editor", stdout=output)
    assert "2 API tokens revoked." in output.getvalue()
    editor.refresh_from_db()
    assert editor.check_password(NEW)
    assert are_rejected(scripts)
    assert are_accepted(others)
    assert ApiToken.objects.count() == 1
