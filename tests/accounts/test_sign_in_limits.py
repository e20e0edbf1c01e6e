"""Sign-in attempts are limited per address, per username, and per pair of both. Owners can still sign in."""

import pytest

from tests.markup import fill_in, read
from tests.people import PASSWORD, browser, person

pytestmark = pytest.mark.django_db

SIGN_IN = "/account/login/"
WRONG = "The username and password don't match. Check both, then try again."
TOO_MANY = "Too many attempts. Try again in five minutes."
ATTACKER, HOME = "192.0.2.1", "198.51.100.7"
NEW = "a new battery of staples"


@pytest.fixture(autouse=True)
def behind_a_proxy(settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1


def sign_in(name="editor", password=PASSWORD, address=HOME):
    """Send a username and a password from ``address``. Return the response."""
    form = {"login": name, "password": password}
    return browser().post(SIGN_IN, form, headers={"X-Forwarded-For": address})


def guess(name="editor", address=ATTACKER):
    """Return what the page says about a wrong password."""
    response = sign_in(name, "wrong", address)
    return read(response).one("div", role="alert").one("li").text


def addresses(count):
    return [f"203.0.113.{number}" for number in range(count)]


# By username and address ------------------------------------------------------------------


def test_after_five_wrong_passwords_from_an_address_the_correct_one_is_rejected_too(editor):
    assert [guess() for _time in range(6)] == [WRONG] * 5 + [TOO_MANY]
    response = sign_in(address=ATTACKER)
    assert TOO_MANY in read(response).text


def test_the_owner_signs_in_from_another_address_than_the_attacker(editor):
    for _time in range(12):
        sign_in(password="wrong", address=ATTACKER)
    assert sign_in(address=HOME).status_code == 302


def test_other_users_sign_in_from_the_address_of_an_attacker(editor, keeper):
    for _time in range(6):
        guess()
    assert sign_in("keeper", address=ATTACKER).status_code == 302


@pytest.mark.parametrize("variant", ["EDITOR", "ｅｄｉｔｏｒ", " editor "])
def test_other_spellings_of_a_username_count_as_the_same(variant, editor):
    for _time in range(5):
        guess()
    assert guess(variant) == TOO_MANY


def test_unknown_usernames_are_limited_alike():
    assert [guess("nobody") for _time in range(6)] == [WRONG] * 5 + [TOO_MANY]


def test_one_network_of_ipv6_is_one_address(editor):
    messages = [guess(address=f"2001:db8::{number}") for number in range(6)]
    assert messages == [WRONG] * 5 + [TOO_MANY]


def test_signing_in_clears_the_count(editor):
    for _time in range(3):
        for _typo in range(3):
            assert guess(address=HOME) == WRONG
        assert sign_in().status_code == 302


def test_a_reset_password_can_be_used_immediately(editor, mailoutbox):
    for _time in range(6):
        guess(address=HOME)
    client = browser()
    client.defaults["HTTP_X_FORWARDED_FOR"] = HOME
    fill_in(client, "/account/password/reset/", email="editor@example.org")
    link = mailoutbox[0].body.partition("http://testserver")[2].split()[0]
    fill_in(client, client.get(link)["Location"], password1=NEW, password2=NEW)
    assert sign_in(password=NEW).status_code == 302


# By address -------------------------------------------------------------------------------


def test_attempts_at_many_usernames_from_one_address_are_limited():
    for number in range(10):
        person(f"person{number}")
        assert guess(f"person{number}") == WRONG
    assert TOO_MANY in read(sign_in("person9", address=ATTACKER)).text
    assert sign_in("person9", address=HOME).status_code == 302


def test_too_many_attempts_from_one_address_get_status_429():
    for _time in range(30):
        sign_in(password="wrong", address=ATTACKER)
    response = sign_in(address=ATTACKER)
    assert (response.status_code, response["Retry-After"]) == (429, "300")
    page = read(response)
    assert page.one("h1").text == "Too many attempts"
    assert TOO_MANY in page.text
    assert page.one("main").one("a")["href"] == "/"
    assert response["X-Request-Id"] in page.text


def test_only_addresses_added_by_a_trusted_proxy_are_used(editor):
    messages = [guess(f"person{number}", f"10.9.9.{number}, {ATTACKER}") for number in range(11)]
    assert messages == [WRONG] * 10 + [TOO_MANY]
    assert sign_in(address=f"{ATTACKER}, {HOME}").status_code == 302


@pytest.mark.parametrize("forwarded", ["", "junk", ",", "192.0.2.1", "a, b, c", "[::1]:80", "%00" * 9])
def test_an_invalid_header_of_a_proxy_is_not_an_error(forwarded, editor, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    assert sign_in(password="wrong", address=forwarded).status_code == 200


# By username ------------------------------------------------------------------------------


def test_attempts_at_one_username_from_many_addresses_are_limited(editor):
    messages = [guess(address=address) for address in addresses(7) for _time in range(5)]
    assert messages == [WRONG] * 30 + [TOO_MANY] * 5
    assert TOO_MANY in read(sign_in()).text


def test_attempts_from_a_few_addresses_do_not_lock_the_owner_out(editor):
    for address in addresses(3):
        for _time in range(7):
            guess(address=address)
    assert sign_in().status_code == 302


def test_attempts_at_one_username_do_not_limit_other_users(editor, keeper):
    for address in addresses(7):
        for _time in range(5):
            guess(address=address)
    assert sign_in("keeper").status_code == 302
