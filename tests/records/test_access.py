"""Who may read, create, change and delete, at each interface."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from heroes.models import Hero
from heroesite.api.docs import offline_redoc
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.markup import fill_in, read
from tests.people import PASSWORD, browser, person, program

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parent.parent.parent
EVERYBODY = ["visitor", "reader", "editor", "keeper", "administrator"]
WRITERS = ["editor", "keeper", "administrator"]
ACTIONS = ["add", "change", "delete"]
KINDS = {
    Hero: {"name": "Owl", "secret_name": "Edith Wren", "age": "41", "team": ""},
    Team: {"name": "Owl", "headquarters": "The Old Lighthouse"},
}
FACTORIES = {Hero: HeroFactory, Team: TeamFactory}
kinds = pytest.mark.parametrize("kind", KINDS)
actions = pytest.mark.parametrize("action", ACTIONS)


@pytest.fixture
def someone(request):
    """Gives the person that a test speaks of; a visitor is nobody."""
    return lambda who: None if who == "visitor" else request.getfixturevalue(who)


def seen(record):
    """What a form about ``record`` sends: its new values, and the version that was seen."""
    return {**KINDS[type(record)], "seen_version": record.version}


def at_page(user, action, record):
    address = f"/{record._meta.app_label}/"
    address += "new/" if action == "add" else f"{record.pk}/{'edit' if action == 'change' else 'delete'}/"
    return browser(user).post(address, {} if action == "delete" else seen(record))


def at_admin(user, action, record):
    address = f"/admin/{record._meta.app_label}/{record._meta.model_name}/"
    address += "add/" if action == "add" else f"{record.pk}/{action}/"
    return browser(user).post(address, {"post": "yes"} if action == "delete" else seen(record))


def at_api(client, action, record):
    address = f"/api/v1/{record._meta.app_label}/"
    values = {name: text for name, text in KINDS[type(record)].items() if name not in ("age", "team")}
    if action == "add":
        return client.post(address, values, content_type="application/json")
    if action == "change":
        return client.patch(f"{address}{record.pk}", values, content_type="application/json")
    return client.delete(f"{address}{record.pk}")


def at_api_by_token(user, action, record):
    client = Client(raise_request_exception=False)
    return at_api(WithHeader(client, program(user)._credentials), action, record)


def at_api_by_session(user, action, record):
    return at_api(browser(user), action, record)


class WithHeader:
    """A client that sends some headers with everything."""

    def __init__(self, client, headers):
        self.client, self.headers = client, headers

    def __getattr__(self, method):
        return lambda *args, **kwargs: getattr(self.client, method)(*args, **kwargs, **self.headers)


INTERFACES = {"page": at_page, "admin": at_admin, "token": at_api_by_token, "session": at_api_by_session}
interfaces = pytest.mark.parametrize("interface", INTERFACES)


def is_done(action, record):
    """Whether the register shows that ``action`` was taken, and nothing else."""
    rows = {row.pk: row.name for row in type(record).objects.all()}
    if action == "add":
        return len(rows) == 2 and rows.pop(record.pk) == record.name and list(rows.values()) == ["Owl"]
    return rows == ({} if action == "delete" else {record.pk: "Owl"})


def is_untouched(record):
    row = type(record).objects.get()
    return (row.name, row.version) == (record.name, 1)


@pytest.mark.parametrize("who", EVERYBODY)
def test_everybody_reads_the_pages(who, someone):
    team = TeamFactory()
    hero = HeroFactory(team=team)
    client = browser(someone(who))
    for address in ("/", "/heroes/", f"/heroes/{hero.pk}/", "/teams/", f"/teams/{team.pk}/"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert (hero.name if "hero" in address else team.name) in read(answer).text


@pytest.mark.parametrize("how", ["token", "session"])
@pytest.mark.parametrize("who", EVERYBODY)
def test_everybody_reads_the_api(who, how, someone):
    team = TeamFactory()
    hero = HeroFactory(team=team)
    client = {"token": program, "session": browser}[how](someone(who))
    assert client.get("/api/v1/heroes/").json()["results"][0]["name"] == hero.name
    assert client.get(f"/api/v1/heroes/{hero.pk}").json()["name"] == hero.name
    assert client.get("/api/v1/teams/").json()["results"][0]["name"] == team.name
    assert client.get(f"/api/v1/teams/{team.pk}").json()["name"] == team.name


@kinds
@actions
@interfaces
@pytest.mark.parametrize("who", WRITERS)
def test_editors_keepers_and_administrators_write(who, interface, action, kind, someone):
    record = FACTORIES[kind]()
    answer = INTERFACES[interface](someone(who), action, record)
    if interface in ("token", "session"):
        assert answer.status_code == {"add": 201, "change": 200, "delete": 204}[action]
    else:
        assert answer.status_code == 302
    assert is_done(action, record)


@kinds
@actions
@interfaces
def test_a_visitor_is_asked_to_sign_in_before_writing(interface, action, kind):
    record = FACTORIES[kind]()
    answer = INTERFACES[interface](None, action, record)
    if interface in ("token", "session"):
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == "Bearer"
    else:
        assert answer.status_code == 302
        assert "/login/?next=" in answer["Location"]
    assert is_untouched(record)


@kinds
@actions
@interfaces
def test_a_reader_may_not_write(interface, action, kind, reader):
    record = FACTORIES[kind]()
    answer = INTERFACES[interface](reader, action, record)
    if interface == "admin":
        client = browser(reader)
        answer = client.get(answer["Location"])
    assert answer.status_code == 403
    assert is_untouched(record)


@kinds
@actions
@interfaces
@pytest.mark.parametrize("allowed", ACTIONS)
def test_who_may_do_one_thing_may_do_no_other(allowed, interface, action, kind):
    record = FACTORIES[kind]()
    helper = person("helper", staff=True)
    helper.user_permissions.add(Permission.objects.get(codename=f"{allowed}_{record._meta.model_name}"))
    answer = INTERFACES[interface](helper, action, record)
    if action == allowed:
        assert answer.status_code in (200, 201, 204, 302)
        assert is_done(action, record)
    else:
        assert answer.status_code == 403
        assert is_untouched(record)


@pytest.mark.parametrize("address", ["/admin/heroes/hero/", "/admin/teams/team/", "/admin/auth/user/"])
def test_staff_without_permissions_see_no_lists_in_the_admin(address):
    client = browser(person("clerk", staff=True))
    assert client.get("/admin/").status_code == 200
    assert client.get(address).status_code == 403


def test_an_editor_keeps_the_register_and_not_the_people(editor_browser):
    assert editor_browser.get("/admin/heroes/hero/").status_code == 200
    for address in ("/admin/auth/user/", "/admin/auth/group/"):
        assert editor_browser.get(address).status_code == 403


def test_all_staff_read_who_was_shown_what_and_nobody_else_does(editor_browser, reader):
    assert editor_browser.get("/admin/records/disclosure/").status_code == 200
    assert browser(reader).get("/admin/records/disclosure/").status_code != 200


@kinds
@pytest.mark.parametrize(("who", "offered"), [("visitor", False), ("reader", False), ("editor", True)])
def test_pages_offer_only_what_one_may_do(who, offered, kind, someone):
    record = FACTORIES[kind]()
    client, app = browser(someone(who)), kind._meta.app_label
    links = {link.text for link in read(client.get(record.get_absolute_url())).all("a")}
    assert ("Edit" in links, "Delete" in links) == (offered, offered)
    links = {link["href"] for link in read(client.get(f"/{app}/")).all("a")}
    assert (f"/{app}/new/" in links) == offered


@pytest.mark.parametrize("form", ["new/", "{}/edit/", "{}/delete/"])
def test_a_visitor_at_a_form_is_led_to_sign_in_and_back(form, editor):
    address = f"/heroes/{form.format(HeroFactory().pk)}"
    client = browser()
    sign_in = client.get(address)["Location"]
    assert sign_in == f"/account/login/?next={address}"
    answer = fill_in(client, sign_in, login="editor", password=PASSWORD)
    assert (answer.status_code, answer["Location"]) == (302, address)
    assert client.get(address).status_code == 200


def test_a_visitor_at_the_admin_is_led_to_the_one_sign_in_and_back(editor):
    client = browser()
    answer = client.get("/admin/heroes/hero/", follow=True)
    (address, _status) = answer.redirect_chain[-1]
    assert address.startswith("/account/login/?next=")
    answer = fill_in(client, address, login="editor", password=PASSWORD)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/heroes/hero/")


@actions
def test_a_session_writes_at_the_api_only_with_its_csrf_token(action, editor):
    hero = HeroFactory()
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    answer = at_api(client, action, hero)
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith("Send the CSRF token of the session")
    assert is_untouched(hero)
    token = read(client.get("/heroes/new/")).one("main").one("input", name="csrfmiddlewaretoken")["value"]
    answer = at_api(WithHeader(client, {"HTTP_X_CSRFTOKEN": token}), action, hero)
    assert answer.status_code in (200, 201, 204)
    assert is_done(action, hero)


def test_a_form_from_elsewhere_is_refused(editor):
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    answer = client.post("/heroes/new/", KINDS[Hero])
    assert answer.status_code == 403
    assert "This form has expired or comes from another site" in read(answer).text
    assert not Hero.objects.exists()


def test_a_token_needs_no_csrf_token(editor):
    client = Client(enforce_csrf_checks=True)
    answer = at_api(WithHeader(client, program(editor)._credentials), "add", HeroFactory())
    assert answer.status_code == 201


@kinds
@actions
@pytest.mark.parametrize("who", WRITERS)
def test_a_token_for_reading_never_writes(who, action, kind, someone):
    record = FACTORIES[kind]()
    client = program(someone(who), read_only=True)
    assert client.get(f"/api/v1/{kind._meta.app_label}/{record.pk}").json()["name"] == record.name
    assert client.get(f"/api/v1/{kind._meta.app_label}/").json()["count"] == 1
    answer = at_api(WithHeader(Client(), client._credentials), action, record)
    assert answer.status_code == 403
    words = "This token is read-only. Create another one at /account/tokens/."
    assert answer.json()["detail"] == words
    assert is_untouched(record)


def test_who_is_no_longer_active_is_a_visitor(editor):
    client, machine = browser(editor), program(editor)
    editor.is_active = False
    editor.save()
    assert client.get("/heroes/new/").status_code == 302
    assert machine.get("/api/v1/heroes/").status_code == 401


# Once the register is not public ----------------------------------------------------------

ASK = """
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
    "reading token": program(reader, read_only=True),
}
answers = {}
for who, client in clients.items():
    for address in json.load(sys.stdin) if not answers else list(answers["visitor"]):
        answer = client.get(address)
        answers.setdefault(who, {})[address] = [answer.status_code, answer.headers.get("Location", "")]
print(json.dumps(answers))
"""
OPEN_PAGES = ["/account/login/", "/account/password/reset/", "/static/site.css"]
DOCUMENTS = ["/api/schema/", "/api/docs/", "/api/redoc/", f"/api/redoc-{offline_redoc()[0]}.js"]
SHORT_CUTS = ["/docs", "/redoc"]
CLOSED_PAGES = ["/", "/heroes/", "/heroes/1/", "/heroes/new/", "/teams/", "/teams/1/", "/account/tokens/"]
CLOSED_PAGES += ["/heroes/1/history/", "/heroes/deleted/", "/history/", "/history/1/"]
CLOSED_API = [f"/api/v1/{path}" for path in ("", "heroes", "heroes/", "heroes/1", "teams/", "teams/1/")]
CLOSED_API += [f"/api/v1/{path}" for path in ("heroes/1/history/", "changesets/", "changesets/1")]


@pytest.fixture(scope="module")
def private_answers(tmp_path_factory) -> dict[str, Any]:
    """What a register of its own answers with PUBLIC_READ=false, which is read when it starts."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "heroesite.settings",
        "HEROESITE_ENV": "development",
        "PUBLIC_READ": "false",
        "DATABASE_URL": f"sqlite:///{tmp_path_factory.mktemp('private')}/register.sqlite3",
        "ALLOWED_HOSTS": "testserver",
        "PYTHONPATH": str(ROOT),
    }
    addresses = OPEN_PAGES + DOCUMENTS + SHORT_CUTS + CLOSED_PAGES + CLOSED_API
    child = subprocess.run(
        [sys.executable, "-c", ASK],
        input=json.dumps(addresses),
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    return json.loads(child.stdout)


@pytest.mark.parametrize("address", OPEN_PAGES + DOCUMENTS)
def test_a_private_register_leaves_sign_in_and_documents_open(address, private_answers):
    assert private_answers["visitor"][address] == [200, ""]


@pytest.mark.parametrize("address", SHORT_CUTS)
def test_a_private_register_leaves_the_ways_to_the_documents_open(address, private_answers):
    assert private_answers["visitor"][address] == [302, f"/api{address}/"]


@pytest.mark.parametrize("address", CLOSED_PAGES)
def test_a_private_register_leads_visitors_to_sign_in(address, private_answers):
    assert private_answers["visitor"][address] == [302, f"/account/login/?next={address}"]


@pytest.mark.parametrize("address", CLOSED_API)
def test_a_private_register_tells_programs_to_send_a_token(address, private_answers):
    assert private_answers["visitor"][address][0] == 401


@pytest.mark.parametrize("who", ["session", "token", "reading token"])
@pytest.mark.parametrize("address", CLOSED_API)
def test_a_private_register_is_read_at_the_api_by_the_signed_in(address, who, private_answers):
    assert private_answers[who][address][0] == 200


@pytest.mark.parametrize("address", [page for page in CLOSED_PAGES if page != "/heroes/new/"])
def test_a_private_register_is_read_on_pages_by_the_signed_in(address, private_answers):
    assert private_answers["session"][address][0] == 200
