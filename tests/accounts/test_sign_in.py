"""Signing in and out, changing and resetting a password, and no cookies for visitors who only read."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from heroesite.api.docs import offline_redoc
from tests.factories import HeroFactory, TeamFactory
from tests.markup import fill_in, form_with, read
from tests.people import PASSWORD, browser

pytestmark = pytest.mark.django_db

SIGN_IN = "/account/login/"
RESET = "/account/password/reset/"
WRONG = "The username and password don't match. Check both, then try again."
NEW = "a new battery of staples"


def sign_in(client, name="editor", password=PASSWORD, address=SIGN_IN):
    return fill_in(client, address, login=name, password=password)


def is_signed_in(client, name="editor"):
    menu = read(client.get("/")).one("nav", class_="account").text
    return "Sign out" in menu and name in menu


# Signing in and out -------------------------------------------------------------------------


def test_a_user_signs_in_and_out(editor, visitor_browser):
    client = visitor_browser
    assert "Sign in" in [link.text for link in read(client.get("/")).all("a")]
    response = sign_in(client)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert is_signed_in(client)
    response = sign_out(client)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert not is_signed_in(client)
    assert client.get("/heroes/new/").status_code == 302


def sign_out(client):
    form = form_with(read(client.get("/account/logout/")).one("main"))
    return client.post("/account/logout/", form.values())


def test_signing_out_needs_confirmation(editor_browser):
    assert editor_browser.get("/account/logout/").status_code == 200
    assert is_signed_in(editor_browser)


@pytest.mark.parametrize(
    ("name", "password"), [("editor", "wrong"), ("nobody", PASSWORD), ("editor", PASSWORD.upper())]
)
def test_a_wrong_username_and_a_wrong_password_have_the_same_message(name, password, editor, visitor_browser):
    response = sign_in(visitor_browser, name, password)
    page = read(response)
    assert page.one("div", role="alert").one("li").text == WRONG
    assert "autofocus" in page.one("div", role="alert").attributes
    assert form_with(page, "login").values()["login"] == name
    assert not form_with(page, "login").values()["password"]
    assert "no-store" in response["Cache-Control"]
    assert not is_signed_in(visitor_browser)


def test_an_inactive_user_cannot_sign_in(editor, visitor_browser):
    editor.is_active = False
    editor.save()
    sign_in(visitor_browser)
    assert not is_signed_in(visitor_browser)


def test_signing_in_starts_a_new_session(editor, visitor_browser):
    visitor_browser.cookies["sessionid"] = "chosen-by-an-attacker"
    sign_in(visitor_browser)
    assert is_signed_in(visitor_browser)
    assert visitor_browser.cookies["sessionid"].value != "chosen-by-an-attacker"


def test_scripts_and_other_sites_cannot_read_the_session_cookie(editor, visitor_browser):
    sign_in(visitor_browser)
    cookie = visitor_browser.cookies["sessionid"]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 14 * 24 * 3600


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_signing_in_never_redirects_to_another_site(elsewhere, editor, visitor_browser):
    response = sign_in(visitor_browser, address=f"{SIGN_IN}?next={elsewhere}")
    assert (response.status_code, response["Location"]) == (302, "/")


def test_a_signed_in_user_is_redirected_from_the_sign_in_page(editor_browser):
    response = editor_browser.get(SIGN_IN)
    assert (response.status_code, response["Location"]) == (302, "/")


def test_a_form_without_its_csrf_token_is_rejected(editor):
    client = Client(enforce_csrf_checks=True)
    response = client.post(SIGN_IN, {"login": "editor", "password": PASSWORD})
    assert response.status_code == 403
    assert not is_signed_in(client)


@pytest.mark.parametrize("address", ["/admin/", "/admin/login/", "/admin/heroes/hero/", "/admin/nowhere/"])
def test_the_admin_redirects_to_the_sign_in_page(address, editor, visitor_browser):
    response = visitor_browser.get(address, follow=True)
    assert response.request["PATH_INFO"] == SIGN_IN
    page = read(response)
    assert form_with(page, "login", "password")
    client = visitor_browser
    data = form_with(page, "login").values() | {"login": "editor", "password": PASSWORD}
    response = client.post(SIGN_IN, data)
    assert response["Location"].startswith("/admin/")
    assert client.get("/admin/").status_code == 200


def test_the_sign_in_of_the_admin_accepts_no_password(administrator, visitor_browser):
    values = {"username": "administrator", "password": PASSWORD, "next": "/admin/"}
    response = visitor_browser.post("/admin/login/", values)
    assert response.status_code == 302
    assert response["Location"].startswith(SIGN_IN)
    assert not is_signed_in(visitor_browser, "administrator")


def test_a_user_who_is_not_staff_cannot_open_the_admin(reader):
    response = browser(reader).get("/admin/", follow=True)
    assert response.status_code == 403


def test_signing_out_of_the_admin_signs_out(editor_browser):
    editor_browser.post("/admin/logout/")
    assert not is_signed_in(editor_browser)


# No sign-up -------------------------------------------------------------------------------


def test_the_sign_up_page_is_closed(visitor_browser):
    assert read(visitor_browser.get("/account/signup/")).one("h1").text == "Sign-up is closed"
    values = {"username": "zed", "email": "zed@example.org", "password1": NEW, "password2": NEW}
    response = visitor_browser.post("/account/signup/", values)
    assert "closed" in read(response).text.lower()
    assert not User.objects.exists()
    assert not is_signed_in(visitor_browser, "zed")


@pytest.mark.parametrize("page", [SIGN_IN, "/", RESET])
def test_no_page_offers_to_sign_up(page, visitor_browser):
    response = visitor_browser.get(page)
    assert "signup" not in response.content.decode()
    assert "sign up" not in read(response).text.lower()


# Passwords --------------------------------------------------------------------------------


def change_password(client, old=PASSWORD, first=NEW, second=NEW):
    values = {"oldpassword": old, "password1": first, "password2": second}
    return fill_in(client, "/account/password/change/", **values)


def test_a_user_changes_their_password(editor, editor_browser, visitor_browser):
    response = change_password(editor_browser)
    assert response.status_code == 302
    assert is_signed_in(editor_browser)
    sign_in(visitor_browser)
    assert not is_signed_in(visitor_browser)
    sign_in(visitor_browser, password=NEW)
    assert is_signed_in(visitor_browser)


def test_a_changed_password_ends_all_other_sessions(editor, editor_browser):
    elsewhere = browser(editor)
    change_password(editor_browser)
    assert not is_signed_in(elsewhere)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"old": "wrong"}, "oldpassword"),
        ({"second": "something different"}, "password2"),
        ({"first": "short", "second": "short"}, "password1"),
        ({"first": "password123", "second": "password123"}, "password1"),
        ({"first": "93741852079", "second": "93741852079"}, "password1"),
        ({"first": "editor@example.org", "second": "editor@example.org"}, "password1"),
    ],
)
def test_an_invalid_password_is_explained_at_its_field(values, field, editor, editor_browser):
    page = read(change_password(editor_browser, **values))
    control = page.one("input", name=field)
    assert control["aria-invalid"] == "true"
    assert page.one("div", role="alert").all("li")
    editor.refresh_from_db()
    assert editor.check_password(PASSWORD)


def test_a_visitor_cannot_change_a_password(visitor_browser):
    response = visitor_browser.get("/account/password/change/")
    assert response.status_code == 302
    assert response["Location"].startswith(SIGN_IN)


def link_in(mail):
    (link,) = re.findall(r"http://testserver(/account/password/reset/key/\S+)", mail.body)
    return link


def test_a_forgotten_password_is_reset_by_email(editor, visitor_browser, mailoutbox):
    response = fill_in(visitor_browser, RESET, email="editor@example.org")
    assert response.status_code == 302
    assert "email" in read(visitor_browser.get(response["Location"])).text.lower()
    (mail,) = mailoutbox
    assert mail.to == ["editor@example.org"]
    assert "editor" in mail.body
    step = visitor_browser.get(link_in(mail))
    assert step.status_code == 302
    response = fill_in(visitor_browser, step["Location"], password1=NEW, password2=NEW)
    assert response.status_code == 302
    assert visitor_browser.get(response["Location"]).status_code == 200
    editor.refresh_from_db()
    assert editor.check_password(NEW)
    other = browser()
    sign_in(other, password=NEW)
    assert is_signed_in(other)


def test_the_link_in_the_email_works_once(editor, visitor_browser, mailoutbox):
    fill_in(visitor_browser, RESET, email="editor@example.org")
    link = link_in(mailoutbox[0])
    fill_in(visitor_browser, visitor_browser.get(link)["Location"], password1=NEW, password2=NEW)
    response = browser().get(link)
    assert not read(response).all("input", type="password")
    editor.refresh_from_db()
    assert editor.check_password(NEW)


@pytest.mark.parametrize("tampered", ["1-x-y", "zzz-dih3ux-718976e8e40424ed33b01c56d37def92"])
def test_a_forged_link_is_rejected(tampered, editor, visitor_browser):
    response = visitor_browser.get(f"{RESET}key/{tampered}/")
    assert response.status_code in (200, 400, 404)
    assert not read(response).all("input", type="password")


def test_an_unknown_address_gets_the_same_response_and_no_sign_up(visitor_browser, editor, mailoutbox):
    known = fill_in(visitor_browser, RESET, email="editor@example.org")
    unknown = fill_in(visitor_browser, RESET, email="nobody@example.org")
    assert (unknown.status_code, unknown["Location"]) == (known.status_code, known["Location"])
    for mail in mailoutbox[1:]:
        assert "sign up" not in mail.body
        assert "signup" not in mail.body


# No cookies for visitors who only read -----------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/heroes/",
        "/heroes/?search=x&ordering=-age",
        "/heroes/?nonsense=1",
        "/heroes/{hero}/",
        "/teams/",
        "/teams/{team}/",
        "/docs",
        "/redoc",
        "/api/docs/",
        "/api/redoc/",
        f"/api/redoc-{offline_redoc()[0]}.js",
        "/api/schema/",
        "/api/v1/",
        "/api/v1/heroes/",
        "/api/v1/heroes/{hero}",
        "/api/v1/teams/{team}",
        "/api/v1/heroes/999999",
        "/static/site.css",
        "/nowhere",
    ],
)
@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_visitors_who_only_read_get_no_cookie(method, address, visitor_browser):
    address = address.format(hero=HeroFactory().pk, team=TeamFactory().pk)
    response = getattr(visitor_browser, method)(address)
    assert response.status_code < 500
    assert not response.cookies
