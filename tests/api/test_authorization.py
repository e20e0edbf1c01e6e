"""Who gets 401 and 403 from the API, with a sentence that gives the fix."""

import pytest
from django.test import Client

from tests.factories import HeroFactory, TeamFactory
from tests.people import browser, program

pytestmark = pytest.mark.django_db

HEROES = "/api/v1/heroes/"
SEND_A_TOKEN = "Send Authorization: Bearer <token>."
SCHEMES = [
    "Basic ZWRpdG9yOnBhc3N3b3Jk",
    "Token 0123456789abcdef",
    "Digest username=editor",
    "Negotiate x",
    "0" * 64,
    "Bearertoken",
    "é",
    "%00",
]


def refusal(response, status):
    body = response.json()
    assert (response.status_code, body["status"]) == (status, status), body
    assert response["Content-Type"] == "application/problem+json"
    assert (response.get("WWW-Authenticate") == "Bearer") == (status == 401)
    return body["detail"]


# An unknown scheme ------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post", "options"])
@pytest.mark.parametrize("header", SCHEMES)
def test_an_unknown_scheme_is_rejected(header, method, visitor_program):
    response = getattr(visitor_program, method)(HEROES, HTTP_AUTHORIZATION=header)
    detail = refusal(response, 401)
    assert detail == f"Unsupported authorization scheme. {SEND_A_TOKEN}"
    assert header not in response.content.decode()


def test_an_unknown_scheme_is_rejected_with_a_session(editor):
    response = browser(editor).get(HEROES, headers={"Authorization": SCHEMES[0]})
    assert refusal(response, 401) == f"Unsupported authorization scheme. {SEND_A_TOKEN}"


@pytest.mark.parametrize("path", ["", "heroes/", "teams/", "changesets/", "changes/"])
def test_an_unknown_scheme_is_rejected_everywhere(path, visitor_program):
    assert refusal(visitor_program.get(f"/api/v1/{path}", HTTP_AUTHORIZATION="Basic x"), 401)


def test_the_description_and_the_pages_ignore_the_header(visitor_browser):
    for address in ("/api/schema/", "/api/docs/", "/heroes/", "/"):
        assert visitor_browser.get(address, headers={"Authorization": "Basic x"}).status_code == 200


@pytest.mark.parametrize("header", ["", " "])
def test_without_a_header_one_is_a_visitor(header, visitor_program):
    assert visitor_program.get(HEROES, HTTP_AUTHORIZATION=header).status_code == 200


# Who needs a token, a CSRF token, a permission --------------------------------------------


def writes(client, model):
    """Send one write of each kind to the API of ``model``. Return the responses by action."""
    record = {"heroes": HeroFactory, "teams": TeamFactory}[model]()
    one, body = f"/api/v1/{model}/{record.pk}", {"name": "Owl", "secret_name": "x", "headquarters": "x"}
    return [
        ("add", client.post(f"/api/v1/{model}/", body, content_type="application/json")),
        ("change", client.put(one, body, content_type="application/json", headers={"If-Match": "*"})),
        ("change", client.patch(one, body, content_type="application/json")),
        ("delete", client.delete(one)),
        ("add", client.post(f"/api/v1/{model}/bulk", [body], content_type="application/json")),
        ("change", client.patch(f"/api/v1/{model}/bulk", [body], content_type="application/json")),
        ("delete", client.delete(f"/api/v1/{model}/bulk", [body], content_type="application/json")),
    ]


def client_of(user, **token):
    return Client(headers={"Authorization": program(user, **token)._credentials["HTTP_AUTHORIZATION"]})


@pytest.mark.parametrize("model", ["heroes", "teams"])
def test_writing_as_a_visitor_is_401(model, db):
    for _action, response in writes(Client(), model):
        assert refusal(response, 401) == SEND_A_TOKEN


@pytest.mark.parametrize("model", ["heroes", "teams"])
def test_a_user_without_permission_learns_which_one_is_needed(model, reader):
    for action, response in writes(client_of(reader), model):
        assert refusal(response, 403) == f"This needs permission to {action} {model}."


@pytest.mark.parametrize("model", ["heroes", "teams"])
def test_a_read_only_token_does_not_write(model, editor):
    for _action, response in writes(client_of(editor, read_only=True), model):
        assert refusal(response, 403) == "This token is read-only. Create another one at /account/tokens/."


def test_a_user_without_permission_learns_what_undoing_and_reverting_need(reader, editor_program):
    hero = editor_program.post(HEROES, {"name": "Owl", "secret_name": "x"}).json()
    editor_program.patch(f"{HEROES}{hero['id']}", {"name": "Lark"})
    change_set = editor_program.get("/api/v1/changesets/").json()["results"][0]["id"]
    client = program(reader)
    response = client.post(f"/api/v1/changesets/{change_set}/undo/")
    assert refusal(response, 403) == "This needs permission to change heroes."
    response = client.post(f"{HEROES}{hero['id']}/history/1/revert/")
    assert refusal(response, 403) == "This needs permission to change heroes."


def test_writing_with_a_session_requires_its_csrf_token(editor):
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    response = client.post(HEROES, {}, content_type="application/json")
    words = "Send the CSRF token of the session in the header X-CSRFToken, or Authorization: Bearer <token>."
    assert refusal(response, 403) == words


def test_reading_a_private_register_requires_a_token(settings, visitor_program):
    settings.PUBLIC_READ = False
    assert refusal(visitor_program.get(HEROES), 401) == SEND_A_TOKEN
