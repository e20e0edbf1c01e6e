"""API tokens: creating them on the page and the command line, revoking them, and authenticating with one."""

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
READ_ONLY = "This token is read-only. Create another one at /account/tokens/."
INVALID = "The token is invalid, expired or revoked. Create another one at /account/tokens/."


def issue_token(*arguments):
    """Return what the command writes to standard output and standard error."""
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


def test_issue_token_prints_the_token_and_nothing_else(editor):
    output, errors = issue_token("editor")
    assert errors == ""
    assert output == output.strip() + "\n"
    assert len(output.split()) == 1
    assert create(client_with(output.strip())).status_code == 201


def test_a_token_expires_after_a_year_by_default(editor):
    issue_token("editor")
    token = ApiToken.objects.get()
    assert (token.user, token.read_only, days_left(token)) == (editor, False, 365)


@pytest.mark.parametrize("days", ["1", "30", "3650"])
def test_issue_token_accepts_a_number_of_days(days, editor):
    issue_token("editor", "--days", days)
    assert days_left(ApiToken.objects.get()) == int(days)


def test_issue_token_creates_a_read_only_token(editor):
    output, _errors = issue_token("editor", "--read-only")
    response = create(client_with(output.strip()))
    assert ApiToken.objects.get().read_only
    assert (response.status_code, response.json()["detail"]) == (403, READ_ONLY)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nobody"], "There is no user named nobody. Administrators can add users at /admin/."),
        (["idle"], "User idle is inactive. Administrators can activate users at /admin/."),
        (["editor", "--days", "0"], "--days must be from 1 to 3650."),
        (["editor", "--days", "-1"], "--days must be from 1 to 3650."),
        (["editor", "--days", "3651"], "--days must be from 1 to 3650."),
        (["editor", "--days", "999999999999"], "--days must be from 1 to 3650."),
        (["editor", "--days", "soon"], "argument --days: invalid int value: 'soon'"),
        ([], "the following arguments are required: username"),
    ],
)
def test_issue_token_reports_errors(arguments, message, editor):
    idle = person("idle")
    idle.is_active = False
    idle.save()
    with pytest.raises(CommandError) as error:
        issue_token(*arguments)
    assert message in str(error.value)
    assert not ApiToken.objects.exists()


# On the page ------------------------------------------------------------------------------


def create_token(client, **values):
    response = fill_in(client, PAGE, **({"name": "Nightly job"} | values))
    return response, read(response).all("code", class_="token")


def test_a_visitor_signs_in_to_see_their_tokens(visitor_browser):
    for method in ("get", "post"):
        response = getattr(visitor_browser, method)(PAGE)
        assert (response.status_code, response["Location"]) == (302, f"/account/login/?next={PAGE}")


def test_a_user_creates_a_token_and_sees_it_once(editor, editor_browser):
    response, (text,) = create_token(editor_browser)
    assert "Copy it now. You won't be able to see it again." in read(response).text
    assert "no-store" in response["Cache-Control"]
    assert create(client_with(text.text)).status_code == 201
    again = editor_browser.get(PAGE)
    assert text.text not in again.content.decode()
    assert "no-store" in again["Cache-Control"]
    token = ApiToken.objects.get()
    assert (token.user, token.name, token.read_only, days_left(token)) == (editor, "Nightly job", False, 365)


def test_a_user_creates_a_read_only_token_for_some_days(reader):
    client = browser(reader)
    _answer, (text,) = create_token(client, read_only="on", days="7")
    token = ApiToken.objects.get()
    assert (token.read_only, days_left(token)) == (True, 7)
    assert client_with(text.text).get("/api/v1/heroes/").status_code == 200
    row = read(client.get(PAGE)).one("tbody").one("tr").text
    assert row.startswith(f"Nightly job {token.token_key} Read-only ")
    assert text.text.startswith(token.token_key)


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"name": ""}, "name", "This field is required."),
        ({"name": "  "}, "name", "This field is required."),
        ({"name": "x" * 101}, "name", "Ensure this value has at most 100 characters (it has 101)."),
        ({"name": "a\u202eb"}, "name", "Character 2 is U+202E RIGHT-TO-LEFT OVERRIDE"),
        ({"days": "0"}, "days", "Enter a whole number from 1 to 3,650."),
        ({"days": "3651"}, "days", "Enter a whole number from 1 to 3,650."),
        ({"days": "soon"}, "days", "Enter a whole number, such as 41."),
        ({"days": ""}, "days", "This field is required."),
    ],
)
def test_an_invalid_form_creates_no_token(values, field, message, editor_browser):
    response, texts = create_token(editor_browser, **values)
    page = read(response)
    assert response.status_code == 422
    control = page.one("main").one(name=field)
    assert control["aria-invalid"] == "true"
    assert message in page.one("div", role="alert").text
    assert (texts, ApiToken.objects.count()) == ([], 0)


def test_users_see_only_their_own_tokens(editor, keeper, editor_browser):
    ApiToken.objects.issue(editor, name="Mine")
    ApiToken.objects.issue(keeper, name="Theirs")
    page = read(editor_browser.get(PAGE))
    assert "Mine" in page.text
    assert "Theirs" not in page.text


def test_a_user_revokes_a_token(editor, editor_browser):
    token, text = ApiToken.objects.issue(editor, name="Nightly job")
    kept, _text = ApiToken.objects.issue(editor, name="Weekly job")
    button = read(editor_browser.get(PAGE)).one("button", aria_label="Revoke Nightly job")
    assert button.text == "Revoke"
    response = editor_browser.post(f"{PAGE}{token.token_key}/revoke/", follow=True)
    assert "Token “Nightly job” revoked." in read(response).text
    assert list(ApiToken.objects.all()) == [kept]
    assert client_with(text).get("/api/v1/heroes/").status_code == 401


@pytest.mark.parametrize("who", ["editor", "administrator"])
def test_users_revoke_only_their_own_tokens_on_the_page(who, keeper, request):
    token, _text = ApiToken.objects.issue(keeper, name="Theirs")
    client = request.getfixturevalue(f"{who}_browser")
    assert client.post(f"{PAGE}{token.token_key}/revoke/").status_code == 404
    assert ApiToken.objects.get() == token


def test_following_a_link_revokes_nothing(editor, editor_browser, visitor_browser):
    token, _text = ApiToken.objects.issue(editor)
    assert editor_browser.get(f"{PAGE}{token.token_key}/revoke/").status_code == 302
    assert visitor_browser.post(f"{PAGE}{token.token_key}/revoke/").status_code == 302
    assert ApiToken.objects.exists()


def test_an_administrator_revokes_any_token_in_the_admin(keeper, administrator_browser):
    token, text = ApiToken.objects.issue(keeper, name="Theirs")
    rows = administrator_browser.get("/admin/api/apitoken/")
    assert "Theirs" in read(rows).one("table", id="result_list").text
    assert text not in rows.content.decode()
    assert administrator_browser.get("/admin/api/apitoken/add/").status_code == 403
    selection = {"action": "delete_selected", "_selected_action": [token.pk], "post": "yes"}
    administrator_browser.post("/admin/api/apitoken/", selection)
    assert not ApiToken.objects.exists()
    assert client_with(text).get("/api/v1/heroes/").status_code == 401


# Storing tokens, and authenticating with them ------------------------------------------------


def test_only_a_digest_of_a_token_is_stored(editor, editor_browser):
    _answer, (text,) = create_token(editor_browser)
    row = ApiToken.objects.values().get()
    assert text.text not in "".join(map(str, row.values()))
    assert len(row["digest"]) == 128
    assert len(text.text) == 64
    assert len(row["token_key"]) < 20


def refused(response):
    body = response.json()
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
    assert response["Content-Type"] == "application/problem+json"
    assert (body["status"], body["title"]) == (401, "Unauthorized")
    return body["detail"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_expired_token_is_rejected_and_remains_in_the_list(method, editor, editor_browser):
    token, text = ApiToken.objects.issue(editor, name="Old job")
    ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    response = getattr(client_with(text), method)("/api/v1/heroes/")
    assert refused(response) == INVALID
    page = read(editor_browser.get(PAGE))
    assert "Old job" in page.text
    assert "Expired" in page.text
    assert ApiToken.objects.get() == token


def test_a_token_still_works_after_another_one_has_expired(editor):
    ApiToken.objects.issue(editor)
    ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert program(editor).get("/api/v1/heroes/").status_code == 200


def test_the_token_of_an_inactive_user_is_rejected(editor):
    client = program(editor)
    editor.is_active = False
    editor.save()
    assert (
        refused(client.get("/api/v1/heroes/"))
        == "The user of this token is inactive. Ask an administrator to activate it."
    )


@pytest.mark.parametrize("text", ["0" * 64, "f" * 64])
def test_an_unknown_token_is_rejected(text):
    assert refused(client_with(text).get("/api/v1/heroes/")) == INVALID


def test_a_token_that_starts_like_a_valid_one_is_rejected(editor):
    _token, text = ApiToken.objects.issue(editor)
    other = text[:-1] + ("0" if text[-1] != "0" else "1")
    assert refused(client_with(other).get("/api/v1/heroes/")) == INVALID


@pytest.mark.parametrize("text", ["x", "é", "0" * 63, "0" * 65, "A" * 64, "%s"])
def test_text_that_is_not_a_token_is_rejected(text, db):
    assert refused(client_with(text).get("/api/v1/heroes/")) == INVALID


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer a b"])
def test_a_malformed_header_is_rejected(header, visitor_program):
    detail = refused(visitor_program.get("/api/v1/heroes/", HTTP_AUTHORIZATION=header))
    assert detail == "Malformed Authorization header. Send Authorization: Bearer <token>."


def test_the_case_of_bearer_does_not_matter(editor):
    _token, text = ApiToken.objects.issue(editor)
    for word in ("bearer", "BEARER"):
        assert create(Client(headers={"Authorization": f"{word} {text}"})).status_code in (201, 422)


def test_a_token_takes_precedence_over_a_session(editor, keeper):
    HeroFactory(secret_name="Edith Wren")
    client = browser(editor)
    assert "secret_name" not in client.get("/api/v1/heroes/").json()["results"][0]
    _token, text = ApiToken.objects.issue(keeper)
    response = client.get("/api/v1/heroes/", headers={"Authorization": f"Bearer {text}"})
    assert response.json()["results"][0]["secret_name"] == "Edith Wren"
    wrong = client.get("/api/v1/heroes/", headers={"Authorization": f"Bearer {'0' * 64}"})
    assert wrong.status_code == 401


def test_a_read_only_token_does_not_write_even_with_a_session(administrator):
    _token, text = ApiToken.objects.issue(administrator, read_only=True)
    client = browser(administrator)
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {text}"
    assert create(client).status_code == 403


def test_a_token_opens_neither_pages_nor_the_admin(administrator):
    _token, text = ApiToken.objects.issue(administrator)
    for address in ("/heroes/new/", PAGE, "/admin/"):
        assert client_with(text).get(address).status_code == 302


def test_no_response_contains_the_token(editor, editor_browser):
    _token, text = ApiToken.objects.issue(editor)
    client = client_with(text)
    for address in ("/api/v1/heroes/", "/api/v1/heroes/999", "/api/v1/heroes/?x=1", "/nowhere"):
        assert text not in client.get(address).content.decode()


def test_the_tokens_of_a_deleted_user_are_rejected(editor):
    client = program(editor)
    editor.delete()
    assert refused(client.get("/api/v1/heroes/")) == INVALID


def test_the_form_has_default_values(editor_browser):
    values = form_with(read(editor_browser.get(PAGE)), "days").values()
    assert values["days"] == "365"
    assert "read_only" not in values


def test_a_form_creates_one_token_however_often_it_is_sent(editor_browser):
    form = {**form_with(read(editor_browser.get(PAGE)), "name").values(), "name": "Nightly job"}
    first, second = editor_browser.post(PAGE, form), editor_browser.post(PAGE, form, follow=True)
    assert read(first).all("code", class_="token")
    message = (
        "This form has already created a token. If you no longer have it, revoke it and create another one."
    )
    assert message in read(second).text
    assert ApiToken.objects.count() == 1


def test_a_form_without_its_submission_id_creates_a_token_each_time(editor_browser):
    for number in (1, 2):
        response = editor_browser.post(PAGE, {"name": "Nightly job", "days": "7"})
        assert read(response).one("code", class_="token").text
        assert ApiToken.objects.count() == number


def test_the_address_for_revoking_redirects_to_the_tokens(editor, editor_browser):
    token, _text = ApiToken.objects.issue(editor)
    response = editor_browser.get(f"{PAGE}{token.token_key}/revoke/")
    assert (response.status_code, response["Location"]) == (302, PAGE)
    assert ApiToken.objects.exists()
