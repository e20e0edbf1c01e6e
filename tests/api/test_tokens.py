"""Tokens: how people and the command line make them, and what a program can do with one."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from heroesite.api.models import ApiToken
from tests.factories import HeroFactory
from tests.markup import fill_in, form_with, read
from tests.people import browser, person, program

pytestmark = pytest.mark.django_db

PAGE = "/account/tokens/"
READ_ONLY_WORDS = "This token is for reading only. Make one for writing under /account/tokens/."
INVALID = "The token is not valid. Make a new one under /account/tokens/."


def issue_token(*arguments):
    """What the command writes to standard output, and to standard error."""
    output, errors = io.StringIO(), io.StringIO()
    call_command("issue_token", *arguments, stdout=output, stderr=errors)
    return output.getvalue(), errors.getvalue()


def client_with(text, **headers):
    return Client(headers={"Authorization": f"Bearer {text}"} | headers)


def days_left(token):
    return round((token.expiry - timezone.now()) / timedelta(days=1), 3)


def create(client):
    body = {"name": "Owl", "secret_name": "x"}
    return client.post("/api/v1/heroes/", body, content_type="application/json")


# From the command line --------------------------------------------------------------------


def test_issue_token_prints_the_token_alone(editor):
    output, errors = issue_token("editor")
    assert errors == ""
    assert output == output.strip() + "\n"
    assert len(output.split()) == 1
    assert create(client_with(output.strip())).status_code == 201


def test_a_token_holds_for_a_year_unless_said(editor):
    issue_token("editor")
    token = ApiToken.objects.get()
    assert (token.user, token.read_only, days_left(token)) == (editor, False, 365)


@pytest.mark.parametrize("days", ["1", "30", "3650"])
def test_issue_token_takes_the_days(days, editor):
    issue_token("editor", "--days", days)
    assert days_left(ApiToken.objects.get()) == int(days)


def test_issue_token_makes_a_token_for_reading(editor):
    output, _errors = issue_token("editor", "--read-only")
    answer = create(client_with(output.strip()))
    assert ApiToken.objects.get().read_only
    assert (answer.status_code, answer.json()["detail"]) == (403, READ_ONLY_WORDS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nobody"], "There is no user “nobody”. Staff add people under /admin/."),
        (["idle"], "User “idle” is not active. Staff can activate people under /admin/."),
        (["editor", "--days", "0"], "--days is a whole number from 1 to 3650."),
        (["editor", "--days", "-1"], "--days is a whole number from 1 to 3650."),
        (["editor", "--days", "3651"], "--days is a whole number from 1 to 3650."),
        (["editor", "--days", "999999999999"], "--days is a whole number from 1 to 3650."),
        (["editor", "--days", "soon"], "argument --days: invalid int value: 'soon'"),
        ([], "the following arguments are required: username"),
    ],
)
def test_issue_token_says_what_it_cannot_do(arguments, words, editor):
    idle = person("idle")
    idle.is_active = False
    idle.save()
    with pytest.raises(CommandError) as error:
        issue_token(*arguments)
    assert words in str(error.value)
    assert not ApiToken.objects.exists()


# On the page ------------------------------------------------------------------------------


def make(client, **values):
    answer = fill_in(client, PAGE, **({"name": "Nightly job"} | values))
    return answer, read(answer).all("code", class_="token")


def test_a_visitor_is_led_to_sign_in_before_the_tokens(visitor_browser):
    for method in ("get", "post"):
        answer = getattr(visitor_browser, method)(PAGE)
        assert (answer.status_code, answer["Location"]) == (302, f"/account/login/?next={PAGE}")


def test_one_makes_a_token_and_sees_its_text_once(editor, editor_browser):
    answer, (text,) = make(editor_browser)
    assert "Copy it now: it cannot be shown again." in read(answer).text
    assert "no-store" in answer["Cache-Control"]
    assert create(client_with(text.text)).status_code == 201
    again = editor_browser.get(PAGE)
    assert text.text not in again.content.decode()
    assert "no-store" in again["Cache-Control"]
    token = ApiToken.objects.get()
    assert (token.user, token.name, token.read_only, days_left(token)) == (editor, "Nightly job", False, 365)


def test_one_makes_a_token_for_reading_and_for_some_days(reader):
    client = browser(reader)
    _answer, (text,) = make(client, read_only="on", days="7")
    token = ApiToken.objects.get()
    assert (token.read_only, days_left(token)) == (True, 7)
    assert client_with(text.text).get("/api/v1/heroes/").status_code == 200
    row = read(client.get(PAGE)).one("tbody").one("tr").text
    assert row.startswith(f"Nightly job {token.token_key} read ")
    assert text.text.startswith(token.token_key)


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"name": ""}, "name", "This field is required."),
        ({"name": "  "}, "name", "This field is required."),
        ({"name": "x" * 101}, "name", "Ensure this value has at most 100 characters (it has 101)."),
        ({"name": "a\u202eb"}, "name", "Character 2 is U+202E RIGHT-TO-LEFT OVERRIDE"),
        ({"days": "0"}, "days", "Ensure this value is greater than or equal to 1."),
        ({"days": "3651"}, "days", "Ensure this value is less than or equal to 3650."),
        ({"days": "soon"}, "days", "Enter a whole number, such as 41."),
        ({"days": ""}, "days", "This field is required."),
    ],
)
def test_a_form_with_a_fault_makes_no_token(values, field, words, editor_browser):
    answer, texts = make(editor_browser, **values)
    page = read(answer)
    assert answer.status_code == 422
    control = page.one("main").one(name=field)
    assert control["aria-invalid"] == "true"
    assert words in page.one("div", role="alert").text
    assert (texts, ApiToken.objects.count()) == ([], 0)


def test_one_sees_ones_own_tokens_and_nobody_elses(editor, keeper, editor_browser):
    ApiToken.objects.issue(editor, name="Mine")
    ApiToken.objects.issue(keeper, name="Theirs")
    page = read(editor_browser.get(PAGE))
    assert "Mine" in page.text
    assert "Theirs" not in page.text


def test_one_revokes_ones_own_token(editor, editor_browser):
    token, text = ApiToken.objects.issue(editor, name="Nightly job")
    kept, _text = ApiToken.objects.issue(editor, name="Weekly job")
    button = read(editor_browser.get(PAGE)).one("button", aria_label="Revoke Nightly job")
    assert button.text == "Revoke"
    answer = editor_browser.post(f"{PAGE}{token.token_key}/revoke/", follow=True)
    assert "Token “Nightly job” was revoked." in read(answer).text
    assert list(ApiToken.objects.all()) == [kept]
    assert client_with(text).get("/api/v1/heroes/").status_code == 401


@pytest.mark.parametrize("who", ["editor", "administrator"])
def test_nobody_revokes_anybody_elses_token_there(who, keeper, request):
    token, _text = ApiToken.objects.issue(keeper, name="Theirs")
    client = request.getfixturevalue(f"{who}_browser")
    assert client.post(f"{PAGE}{token.token_key}/revoke/").status_code == 404
    assert ApiToken.objects.get() == token


def test_a_link_revokes_nothing(editor, editor_browser, visitor_browser):
    token, _text = ApiToken.objects.issue(editor)
    assert editor_browser.get(f"{PAGE}{token.token_key}/revoke/").status_code == 302
    assert visitor_browser.post(f"{PAGE}{token.token_key}/revoke/").status_code == 302
    assert ApiToken.objects.exists()


def test_an_administrator_takes_anybodys_token_away_in_the_admin(keeper, administrator_browser):
    token, text = ApiToken.objects.issue(keeper, name="Theirs")
    rows = administrator_browser.get("/admin/api/apitoken/")
    assert "Theirs" in read(rows).one("table", id="result_list").text
    assert text not in rows.content.decode()
    assert administrator_browser.get("/admin/api/apitoken/add/").status_code == 403
    selection = {"action": "delete_selected", "_selected_action": [token.pk], "post": "yes"}
    administrator_browser.post("/admin/api/apitoken/", selection)
    assert not ApiToken.objects.exists()
    assert client_with(text).get("/api/v1/heroes/").status_code == 401


# What is kept, and what is taken ----------------------------------------------------------


def test_only_a_digest_of_a_token_is_kept(editor, editor_browser):
    _answer, (text,) = make(editor_browser)
    row = ApiToken.objects.values().get()
    assert text.text not in "".join(map(str, row.values()))
    assert len(row["digest"]) == 128
    assert len(text.text) == 64
    assert len(row["token_key"]) < 20


def refused(answer):
    body = answer.json()
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert answer["Content-Type"] == "application/problem+json"
    assert (body["status"], body["title"]) == (401, "Unauthorized")
    return body["detail"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_expired_token_is_refused_and_stays_in_the_list_of_its_owner(method, editor, editor_browser):
    token, text = ApiToken.objects.issue(editor, name="Old job")
    ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    answer = getattr(client_with(text), method)("/api/v1/heroes/")
    assert refused(answer) == "Invalid token."
    page = read(editor_browser.get(PAGE))
    assert "Old job" in page.text
    assert "has ended" in page.text
    assert ApiToken.objects.get() == token


def test_a_token_beside_an_expired_one_still_holds(editor):
    ApiToken.objects.issue(editor)
    ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert program(editor).get("/api/v1/heroes/").status_code == 200


def test_a_token_of_somebody_no_longer_active_is_refused(editor):
    client = program(editor)
    editor.is_active = False
    editor.save()
    assert refused(client.get("/api/v1/heroes/")) == "User inactive or deleted."


@pytest.mark.parametrize("text", ["0" * 64, "f" * 64])
def test_a_token_that_nobody_has_is_refused(text):
    assert refused(client_with(text).get("/api/v1/heroes/")) == "Invalid token."


def test_a_token_with_a_true_beginning_is_refused(editor):
    _token, text = ApiToken.objects.issue(editor)
    other = text[:-1] + ("0" if text[-1] != "0" else "1")
    assert refused(client_with(other).get("/api/v1/heroes/")) == "Invalid token."


@pytest.mark.parametrize("text", ["x", "é", "0" * 63, "0" * 65, "A" * 64, "%s"])
def test_what_is_no_token_at_all_is_refused(text, db):
    assert refused(client_with(text).get("/api/v1/heroes/")) == INVALID


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer a b"])
def test_a_malformed_header_is_refused(header, visitor_program):
    detail = refused(visitor_program.get("/api/v1/heroes/", HTTP_AUTHORIZATION=header))
    assert detail.startswith("Invalid token header.")


def test_the_word_bearer_knows_no_case(editor):
    _token, text = ApiToken.objects.issue(editor)
    for word in ("bearer", "BEARER"):
        assert create(Client(headers={"Authorization": f"{word} {text}"})).status_code in (201, 422)


def test_a_token_is_tried_before_a_session(editor, keeper):
    HeroFactory(secret_name="Edith Wren")
    client = browser(editor)
    assert "secret_name" not in client.get("/api/v1/heroes/").json()["results"][0]
    _token, text = ApiToken.objects.issue(keeper)
    answer = client.get("/api/v1/heroes/", headers={"Authorization": f"Bearer {text}"})
    assert answer.json()["results"][0]["secret_name"] == "Edith Wren"
    wrong = client.get("/api/v1/heroes/", headers={"Authorization": f"Bearer {'0' * 64}"})
    assert wrong.status_code == 401


def test_a_token_for_reading_does_not_write_by_the_session_it_comes_with(administrator):
    _token, text = ApiToken.objects.issue(administrator, read_only=True)
    client = browser(administrator)
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {text}"
    assert create(client).status_code == 403


def test_a_token_opens_neither_pages_nor_admin(administrator):
    _token, text = ApiToken.objects.issue(administrator)
    for address in ("/heroes/new/", PAGE, "/admin/"):
        assert client_with(text).get(address).status_code == 302


def test_a_token_is_in_no_answer(editor, editor_browser):
    _token, text = ApiToken.objects.issue(editor)
    client = client_with(text)
    for address in ("/api/v1/heroes/", "/api/v1/heroes/999", "/api/v1/heroes/?x=1", "/nowhere"):
        assert text not in client.get(address).content.decode()


def test_tokens_go_with_their_user(editor):
    client = program(editor)
    editor.delete()
    assert refused(client.get("/api/v1/heroes/")) == "Invalid token."


def test_the_form_for_a_token_says_what_it_starts_with(editor_browser):
    values = form_with(read(editor_browser.get(PAGE)), "days").values()
    assert values["days"] == "365"
    assert "read_only" not in values


def test_a_form_makes_one_token_however_often_it_is_sent(editor_browser):
    form = {**form_with(read(editor_browser.get(PAGE)), "name").values(), "name": "Nightly job"}
    first, second = editor_browser.post(PAGE, form), editor_browser.post(PAGE, form, follow=True)
    assert read(first).all("code", class_="token")
    words = "This token was made already. If its text is lost, revoke it and make another one."
    assert words in read(second).text
    assert ApiToken.objects.count() == 1


def test_a_form_without_its_one_time_value_makes_a_token_each_time(editor_browser):
    for number in (1, 2):
        answer = editor_browser.post(PAGE, {"name": "Nightly job", "days": "7"})
        assert read(answer).one("code", class_="token").text
        assert ApiToken.objects.count() == number


def test_the_address_of_revoking_leads_back_to_the_tokens(editor, editor_browser):
    token, _text = ApiToken.objects.issue(editor)
    answer = editor_browser.get(f"{PAGE}{token.token_key}/revoke/")
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert ApiToken.objects.exists()
