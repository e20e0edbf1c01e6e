"""Who can read, create, change and delete, at each interface."""

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from heroes.models import Hero
from heroesite.api.docs import offline_redoc
from teams.models import Team
from tests.cases import Cases
from tests.factories import HeroFactory, TeamFactory
from tests.markup import fill_in, read
from tests.people import PASSWORD, browser, person, program

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parent.parent.parent
WRITERS = ["editor", "keeper", "administrator"]
USERS = ["visitor", "reader", *WRITERS]
ACTIONS = ["add", "change", "delete"]
VALUES = {
    Hero: {"name": "Owl", "secret_name": "Edith Wren", "age": "41", "team": ""},
    Team: {"name": "Owl", "headquarters": "The Old Lighthouse"},
}
FACTORIES = {Hero: HeroFactory, Team: TeamFactory}


@pytest.fixture
def users(request):
    """The users of ``USERS`` by name; a visitor is ``None``."""
    return {name: None if name == "visitor" else request.getfixturevalue(name) for name in USERS}


def form_values(record):
    """Return what a form about ``record`` sends: new values, and the version that it was opened with."""
    return {**VALUES[type(record)], "seen_version": record.version}


def write_at_page(user, action, record):
    address = f"/{record._meta.app_label}/"
    address += "new/" if action == "add" else f"{record.pk}/{'edit' if action == 'change' else 'delete'}/"
    return browser(user).post(address, {} if action == "delete" else form_values(record))


def write_in_admin(user, action, record):
    address = f"/admin/{record._meta.app_label}/{record._meta.model_name}/"
    address += "add/" if action == "add" else f"{record.pk}/{action}/"
    return browser(user).post(address, {"post": "yes"} if action == "delete" else form_values(record))


def write_at_api(client, action, record):
    address = f"/api/v1/{record._meta.app_label}/"
    values = {name: text for name, text in VALUES[type(record)].items() if name not in ("age", "team")}
    if action == "add":
        return client.post(address, values, content_type="application/json")
    if action == "change":
        return client.patch(f"{address}{record.pk}", values, content_type="application/json")
    return client.delete(f"{address}{record.pk}")


def write_by_token(user, action, record):
    client = Client(raise_request_exception=False)
    return write_at_api(WithHeader(client, program(user)._credentials), action, record)


def write_by_session(user, action, record):
    return write_at_api(browser(user), action, record)


class WithHeader:
    """A client that sends some headers with each request."""

    def __init__(self, client, headers):
        self.client, self.headers = client, headers

    def __getattr__(self, method):
        return lambda *args, **kwargs: getattr(self.client, method)(*args, **kwargs, **self.headers)


INTERFACES = {
    "page": write_at_page,
    "admin": write_in_admin,
    "token": write_by_token,
    "session": write_by_session,
}
interfaces = pytest.mark.parametrize("interface", INTERFACES)


def is_done(action, record):
    """Whether the database shows the result of ``action``, and no other change."""
    rows = {row.pk: row.name for row in type(record).objects.all()}
    if action == "add":
        return len(rows) == 2 and rows.pop(record.pk) == record.name and list(rows.values()) == ["Owl"]
    return rows == ({} if action == "delete" else {record.pk: "Owl"})


def is_unchanged(record):
    row = type(record).objects.get()
    return (row.name, row.version) == (record.name, 1)


def test_everyone_can_read_the_pages(users):
    team = TeamFactory()
    hero = HeroFactory(team=team)
    with Cases() as case:
        for name, user in users.items():
            for address in ("/", "/heroes/", f"/heroes/{hero.pk}/", "/teams/", f"/teams/{team.pk}/"):
                with case(name, address):
                    response = browser(user).get(address)
                    assert response.status_code == 200
                    assert (hero.name if "hero" in address else team.name) in read(response).text


def test_everyone_can_read_the_api(users):
    team = TeamFactory()
    hero = HeroFactory(team=team)
    with Cases() as case:
        for (name, user), client_of in product(users.items(), (program, browser)):
            with case(name, client_of.__name__):
                client = client_of(user)
                assert client.get("/api/v1/heroes/").json()["results"][0]["name"] == hero.name
                assert client.get(f"/api/v1/heroes/{hero.pk}").json()["name"] == hero.name
                assert client.get("/api/v1/teams/").json()["results"][0]["name"] == team.name
                assert client.get(f"/api/v1/teams/{team.pk}").json()["name"] == team.name


@interfaces
def test_editors_keepers_and_administrators_can_write(interface, users):
    with Cases() as case:
        for writer, action, model in product(WRITERS, ACTIONS, VALUES):
            with case(writer, action, model.__name__):
                record = FACTORIES[model]()
                response = INTERFACES[interface](users[writer], action, record)
                if interface in ("token", "session"):
                    assert response.status_code == {"add": 201, "change": 200, "delete": 204}[action]
                else:
                    assert response.status_code == 302
                assert is_done(action, record)


@interfaces
def test_a_visitor_has_to_sign_in_to_write(interface):
    with Cases() as case:
        for action, model in product(ACTIONS, VALUES):
            with case(action, model.__name__):
                record = FACTORIES[model]()
                response = INTERFACES[interface](None, action, record)
                if interface in ("token", "session"):
                    assert response.status_code == 401
                    assert response["WWW-Authenticate"] == "Bearer"
                else:
                    assert response.status_code == 302
                    assert "/login/?next=" in response["Location"]
                assert is_unchanged(record)


@interfaces
def test_a_reader_cannot_write(interface, reader):
    with Cases() as case:
        for action, model in product(ACTIONS, VALUES):
            with case(action, model.__name__):
                record = FACTORIES[model]()
                response = INTERFACES[interface](reader, action, record)
                if interface == "admin":
                    response = browser(reader).get(response["Location"])
                assert response.status_code == 403
                assert is_unchanged(record)


@interfaces
def test_each_permission_allows_only_its_own_action(interface):
    with Cases() as case:
        for allowed, action, model in product(ACTIONS, ACTIONS, VALUES):
            with case(action, model.__name__, f"with the permission to {allowed}"):
                record = FACTORIES[model]()
                helper = person("helper", staff=True)
                codename = f"{allowed}_{record._meta.model_name}"
                helper.user_permissions.add(Permission.objects.get(codename=codename))
                response = INTERFACES[interface](helper, action, record)
                if action == allowed:
                    assert response.status_code in (200, 201, 204, 302)
                    assert is_done(action, record)
                else:
                    assert response.status_code == 403
                    assert is_unchanged(record)


@pytest.mark.parametrize("address", ["/admin/heroes/hero/", "/admin/teams/team/", "/admin/auth/user/"])
def test_staff_without_permissions_cannot_open_lists_in_the_admin(address):
    client = browser(person("clerk", staff=True))
    assert client.get("/admin/").status_code == 200
    assert client.get(address).status_code == 403


def test_an_editor_can_open_records_and_not_users_in_the_admin(editor_browser):
    assert editor_browser.get("/admin/heroes/hero/").status_code == 200
    for address in ("/admin/auth/user/", "/admin/auth/group/"):
        assert editor_browser.get(address).status_code == 403


def test_only_staff_can_read_the_log_of_viewed_secrets(editor_browser, reader):
    assert editor_browser.get("/admin/records/disclosure/").status_code == 200
    assert browser(reader).get("/admin/records/disclosure/").status_code != 200


@pytest.mark.parametrize(("name", "can_write"), [("visitor", False), ("reader", False), ("editor", True)])
def test_pages_link_only_to_what_the_user_can_do(name, can_write, users):
    client = browser(users[name])
    with Cases() as case:
        for model, factory in FACTORIES.items():
            with case(model.__name__):
                record, app = factory(), model._meta.app_label
                links = {link.text for link in read(client.get(record.get_absolute_url())).all("a")}
                assert ("Edit" in links, "Delete" in links) == (can_write, can_write)
                links = {link["href"] for link in read(client.get(f"/{app}/")).all("a")}
                assert (f"/{app}/new/" in links) == can_write


@pytest.mark.parametrize("form", ["new/", "{}/edit/", "{}/delete/"])
def test_a_form_redirects_visitors_to_sign_in_and_back(form, editor):
    address = f"/heroes/{form.format(HeroFactory().pk)}"
    client = browser()
    sign_in = client.get(address)["Location"]
    assert sign_in == f"/account/login/?next={address}"
    response = fill_in(client, sign_in, login="editor", password=PASSWORD)
    assert (response.status_code, response["Location"]) == (302, address)
    assert client.get(address).status_code == 200


def test_the_admin_redirects_visitors_to_the_same_sign_in_and_back(editor):
    client = browser()
    response = client.get("/admin/heroes/hero/", follow=True)
    (address, _status) = response.redirect_chain[-1]
    assert address.startswith("/account/login/?next=")
    response = fill_in(client, address, login="editor", password=PASSWORD)
    assert (response.status_code, response["Location"]) == (302, "/admin/heroes/hero/")


@pytest.mark.parametrize("action", ACTIONS)
def test_a_session_can_write_at_the_api_only_with_its_csrf_token(action, editor):
    hero = HeroFactory()
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    response = write_at_api(client, action, hero)
    assert response.status_code == 403
    assert response.json()["detail"].startswith("Send the CSRF token of the session")
    assert is_unchanged(hero)
    token = read(client.get("/heroes/new/")).one("main").one("input", name="csrfmiddlewaretoken")["value"]
    response = write_at_api(WithHeader(client, {"HTTP_X_CSRFTOKEN": token}), action, hero)
    assert response.status_code in (200, 201, 204)
    assert is_done(action, hero)


def test_a_session_can_send_an_idempotency_key(editor):
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    token = read(client.get("/heroes/new/")).one("main").one("input", name="csrfmiddlewaretoken")["value"]
    headers = {"HTTP_X_CSRFTOKEN": token, "HTTP_IDEMPOTENCY_KEY": "one"}
    body = {"name": "Owl", "secret_name": "x"}
    for _attempt in range(2):
        response = client.post("/api/v1/heroes/", body, content_type="application/json", **headers)
        assert (response.status_code, response.json()["id"]) == (201, Hero.objects.get().pk)


def test_a_form_from_another_site_is_rejected(editor):
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    response = client.post("/heroes/new/", VALUES[Hero])
    assert response.status_code == 403
    assert "This form has expired or comes from another site" in read(response).text
    assert not Hero.objects.exists()


def test_a_token_needs_no_csrf_token(editor):
    client = Client(enforce_csrf_checks=True)
    response = write_at_api(WithHeader(client, program(editor)._credentials), "add", HeroFactory())
    assert response.status_code == 201


def test_a_read_only_token_cannot_write(users):
    with Cases() as case:
        for writer, action, model in product(WRITERS, ACTIONS, VALUES):
            with case(writer, action, model.__name__):
                record = FACTORIES[model]()
                client = program(users[writer], read_only=True)
                assert (
                    client.get(f"/api/v1/{model._meta.app_label}/{record.pk}").json()["name"] == record.name
                )
                assert client.get(f"/api/v1/{model._meta.app_label}/").json()["count"] == 1
                response = write_at_api(WithHeader(Client(), client._credentials), action, record)
                assert response.status_code == 403
                expected = "This token is read-only. Create another one at /account/tokens/."
                assert response.json()["detail"] == expected
                assert is_unchanged(record)


def test_an_inactive_user_is_signed_out(editor):
    client, machine = browser(editor), program(editor)
    editor.is_active = False
    editor.save()
    assert client.get("/heroes/new/").status_code == 302
    assert machine.get("/api/v1/heroes/").status_code == 401


# A register that isn't public ----------------------------------------------------------

SCRIPT = """
import json, os, sys
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("createcachetable")
from tests.factories import HeroFactory, TeamFactory
from tests.people import browser, person, program
HeroFactory(pk=1)
TeamFactory(pk=1)
reader = person("reader")
clients = {
    "visitor": browser(), "session": browser(reader), "token": program(reader),
    "read-only token": program(reader, read_only=True),
}
responses = {}
addresses = json.load(sys.stdin)
for name, client in clients.items():
    for address in addresses:
        response = client.get(address)
        responses.setdefault(name, {})[address] = [response.status_code, response.headers.get("Location", "")]
print(json.dumps(responses))
"""
OPEN_PAGES = ["/account/login/", "/account/password/reset/", "/static/site.css"]
DOCUMENTS = ["/api/schema/", "/api/docs/", "/api/redoc/", f"/api/redoc-{offline_redoc()[0]}.js"]
SHORT_ADDRESSES = ["/docs", "/redoc"]
CLOSED_PAGES = ["/", "/heroes/", "/heroes/1/", "/heroes/new/", "/teams/", "/teams/1/", "/account/tokens/"]
CLOSED_PAGES += ["/heroes/1/history/", "/heroes/deleted/", "/history/", "/history/1/"]
CLOSED_API = [f"/api/v1/{path}" for path in ("", "heroes", "heroes/", "heroes/1", "teams/", "teams/1/")]
CLOSED_API += [f"/api/v1/{path}" for path in ("heroes/1/history/", "changesets/", "changesets/1")]


@pytest.fixture(scope="module")
def private_responses(tmp_path_factory) -> dict[str, Any]:
    """Status and Location by user and address, from a register that was started with PUBLIC_READ=false."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "heroesite.settings",
        "HEROESITE_ENV": "development",
        "PUBLIC_READ": "false",
        "DATABASE_URL": f"sqlite:///{tmp_path_factory.mktemp('private')}/register.sqlite3",
        "ALLOWED_HOSTS": "testserver",
        "PYTHONPATH": str(ROOT),
    }
    addresses = OPEN_PAGES + DOCUMENTS + SHORT_ADDRESSES + CLOSED_PAGES + CLOSED_API
    child = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps(addresses),
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    return json.loads(child.stdout)


def test_a_private_register_shows_visitors_sign_in_and_api_documentation(private_responses):
    responses = private_responses["visitor"]
    expected = {address: [200, ""] for address in OPEN_PAGES + DOCUMENTS}
    expected |= {address: [302, f"/api{address}/"] for address in SHORT_ADDRESSES}
    assert {address: responses[address] for address in expected} == expected


def test_a_private_register_redirects_visitors_to_sign_in(private_responses):
    responses = private_responses["visitor"]
    expected = {address: [302, f"/account/login/?next={address}"] for address in CLOSED_PAGES}
    assert {address: responses[address] for address in expected} == expected


def test_a_private_register_requires_a_token_at_the_api(private_responses):
    statuses = {address: private_responses["visitor"][address][0] for address in CLOSED_API}
    assert statuses == dict.fromkeys(CLOSED_API, 401)


@pytest.mark.parametrize("client", ["session", "token", "read-only token"])
def test_a_private_register_can_be_read_at_the_api_when_signed_in(client, private_responses):
    statuses = {address: private_responses[client][address][0] for address in CLOSED_API}
    assert statuses == dict.fromkeys(CLOSED_API, 200)


def test_a_private_register_can_be_read_on_pages_when_signed_in(private_responses):
    pages = [page for page in CLOSED_PAGES if page != "/heroes/new/"]
    statuses = {address: private_responses["session"][address][0] for address in pages}
    assert statuses == dict.fromkeys(pages, 200)
