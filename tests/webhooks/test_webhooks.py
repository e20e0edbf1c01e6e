"""Staff subscribe an address, and it is told of each change, once, signed, until it takes it."""

import json
import socket
import ssl
from datetime import timedelta
from functools import partial

import jsonschema
import pytest
import trustme
from django.contrib.auth.models import Permission
from django.utils import timezone
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from heroes.models import Hero
from heroesite.webhooks import sending
from heroesite.webhooks.addresses import ip_address, is_public
from heroesite.webhooks.deliveries import PAUSES, claim, deliver
from heroesite.webhooks.models import Attempt, Delivery, Webhook
from tests.factories import HeroFactory, TeamFactory
from tests.markup import read
from tests.people import browser, person, program
from tests.threads import at_once

from .receiver import receiving

# On PostgreSQL a transaction is told when it is over, so these commit.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("groups_come_back")]

ADMIN = "/admin/webhooks/webhook/"
DELIVERIES = "/admin/webhooks/delivery/"
ALL = {"kinds": ["hero", "team"], "actions": ["created", "changed", "deleted", "restored"], "active": "on"}


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def admin(owner):
    return browser(owner)


def subscribe(admin, url, **values):
    answer = admin.post(f"{ADMIN}add/", {"url": url, **ALL, **values})
    assert answer.status_code == 302, read(answer).text
    return Webhook.objects.latest("pk")


def tell(webhook):
    """Have it told of all there is, though other tests on the same server may hold the feed up."""
    newest = {kind: kind.history.count() for kind in (Hero,)}
    while True:
        deliver.call(webhook.pk)
        told = webhook.deliveries.exclude(type="ping").count()
        if told >= sum(newest.values()) or Webhook.objects.filter(pk=webhook.pk, active=False):
            return


def test_a_change_is_told_as_the_feed_tells_visitors(receiver, admin, owner, visitor_program):
    webhook = subscribe(admin, receiver.url)
    client = program(owner)
    made = client.post("/api/v1/heroes/", {"name": "Owl", "age": 3, "secret_name": "Nora Hidden"}).json()
    client.patch(f"/api/v1/heroes/{made['id']}", {"age": 4})
    client.delete(f"/api/v1/heroes/{made['id']}")
    tell(webhook)
    changes = visitor_program.get("/api/v1/changes/").json()["results"]
    told = [json.loads(body) for _headers, body in receiver.got]
    assert [message["type"] for message in told] == ["hero.created", "hero.changed", "hero.deleted"]
    names = {"user", "token"}
    plain = [{name: value for name, value in change.items() if name not in names} for change in changes]
    assert [message["data"] for message in told] == plain
    assert "Nora" not in "".join(body for _headers, body in receiver.got)
    assert webhook.secret not in "".join(body for _headers, body in receiver.got)


def test_each_is_signed_as_standard_webhooks_has_it(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    HeroFactory()
    tell(webhook)
    [(headers, body)] = receiver.got
    assert Verifier(webhook.secret).verify(body, headers)["type"] == "hero.created"
    with pytest.raises(WebhookVerificationError):
        Verifier(webhook.secret).verify(body.replace("hero", "zero"), headers)


def test_messages_and_their_example_are_as_described(receiver, admin, visitor_program):
    schema = visitor_program.get("/api/schema/").json()
    media = schema["webhooks"]["change"]["post"]["requestBody"]["content"]["application/json"]
    validator = jsonschema.Draft202012Validator({**media["schema"], "components": schema["components"]})
    webhook = subscribe(admin, receiver.url)
    hero = HeroFactory(team=TeamFactory())
    hero.delete()
    tell(webhook)
    bodies = [json.loads(body) for _headers, body in receiver.got]
    example = media["examples"]["A change"]["value"]
    for body in [*bodies, example]:
        validator.validate(body)
    made = next(body for body in bodies if body["type"] == "hero.created")
    assert made["data"].keys() == example["data"].keys()
    assert made["data"]["record"].keys() == example["data"]["record"].keys()
    described = schema["webhooks"]["change"]["post"]["parameters"]
    assert {header["name"] for header in described} <= receiver.got[0][0].keys()


def test_only_what_was_asked_for_is_told_and_nothing_of_before(receiver, admin):
    HeroFactory()
    webhook = subscribe(admin, receiver.url, kinds=["hero"], actions=["deleted"])
    hero = HeroFactory(team=TeamFactory())
    hero.delete()
    while not receiver.got:
        deliver.call(webhook.pk)
    assert [json.loads(body)["type"] for _headers, body in receiver.got] == ["hero.deleted"]


def test_what_is_not_taken_is_sent_again_with_growing_pauses_for_a_day(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    receiver.statuses, receiver.answer = [500] * 99, b"No\0t now"
    HeroFactory()
    tell(webhook)
    delivery, pauses = webhook.deliveries.get(), []
    while delivery.state == Delivery.State.WAITING:
        pauses.append(delivery.due - delivery.attempts.last().at)
        deliver.call(webhook.pk)
        assert len(receiver.got) == len(pauses), "nothing is sent before its time"
        webhook.deliveries.update(due=timezone.now())
        deliver.call(webhook.pk)
        delivery.refresh_from_db()
    assert pauses == PAUSES == sorted(PAUSES)
    assert timedelta(hours=23) < sum(PAUSES, timedelta()) < timedelta(hours=25)
    assert delivery.state == Delivery.State.FAILED
    kept = {(500, "No\ufffdt now")}
    assert {(attempt.status, attempt.answer) for attempt in delivery.attempts.all()} == kept
    assert len({(headers["webhook-id"], body) for headers, body in receiver.got}) == 1


def test_one_that_is_not_taken_does_not_keep_others(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    receiver.statuses = [500]
    HeroFactory()
    HeroFactory()
    tell(webhook)
    deliver.call(webhook.pk)
    assert {delivery.state for delivery in webhook.deliveries.all()} == {"waiting", "delivered"}


def test_staff_read_the_log_and_send_again_by_hand(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    receiver.answer, receiver.statuses = b"Thank you", [200]
    HeroFactory()
    tell(webhook)
    delivery = webhook.deliveries.get()
    page = read(admin.get(f"{DELIVERIES}{delivery.pk}/change/")).text
    assert "Thank you" in page
    assert delivery.message in page
    again = {"action": "send_again", "_selected_action": [delivery.pk]}
    assert admin.post(DELIVERIES, again).status_code == 302
    deliver.call(webhook.pk)
    assert receiver.got[0][1] == receiver.got[1][1]
    assert receiver.got[0][0]["webhook-id"] == receiver.got[1][0]["webhook-id"]
    assert Verifier(webhook.secret).verify(receiver.got[1][1], receiver.got[1][0])


def test_a_greeting_tries_an_address(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    admin.post(ADMIN, {"action": "send_greeting", "_selected_action": [webhook.pk]})
    deliver.call(webhook.pk)
    assert [json.loads(body)["type"] for _headers, body in receiver.got] == ["ping"]


def test_who_is_gone_is_asked_no_more(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    receiver.statuses = [410]
    HeroFactory()
    tell(webhook)
    HeroFactory()
    deliver.call(webhook.pk)
    assert not Webhook.objects.get().active
    assert len(receiver.got) == 1


def test_what_was_changed_while_it_was_switched_off_is_not_told(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    for active in ({"active": ""}, {}):
        HeroFactory()
        answer = admin.post(f"{ADMIN}{webhook.pk}/change/", {"url": receiver.url, **ALL, **active})
        assert answer.status_code == 302
    HeroFactory(name="Last")
    while not receiver.got:
        deliver.call(webhook.pk)
    assert json.loads(receiver.got[-1][1])["data"]["record"]["name"] == "Last"


def test_a_redirect_is_not_followed(receiver, admin):
    with receiving() as elsewhere:
        receiver.statuses, receiver.headers = [307], {"Location": elsewhere.url}
        webhook = subscribe(admin, receiver.url)
        HeroFactory()
        tell(webhook)
        assert not elsewhere.got
    assert (Attempt.objects.get().status, webhook.deliveries.get().state) == (307, "waiting")


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
        *("224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:7f00:1::", "2001:0:1::1"),
    ],
)
def test_private_addresses_are_refused(address, admin):
    assert not is_public(ip_address(address))
    host = f"[{address}]" if ":" in address else address
    answer = admin.post(f"{ADMIN}add/", {"url": f"https://{host}/", **ALL})
    assert answer.status_code == 200
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe::fe", "64:ff9b::9.9.9.9", "::ffff:9.9.9.9"])
def test_public_addresses_are_not(address):
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://hooks.example.org/",
        "hooks.example.org",
        "https://me:secret@hooks.example.org/",
        "https://[::1",
    ],
)
def test_what_is_no_address_is_refused_in_words(url, admin):
    answer = admin.post(f"{ADMIN}add/", {"url": url, **ALL})
    assert answer.status_code == 200
    assert read(answer).text.count("Please correct the error") == 1


@pytest.mark.parametrize("found", [["127.0.0.1"], ["9.9.9.9", "10.0.0.1"], ["::ffff:c0a8:1"]])
def test_a_name_that_leads_to_a_private_address_is_not_asked(found, receiver, admin, settings, monkeypatch):
    webhook = subscribe(admin, receiver.url)
    settings.WEBHOOK_ALLOW_PRIVATE = False
    told = [(0, 0, 0, "", (address, 80)) for address in found]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: told)
    Delivery.objects.create(webhook=webhook, type="ping", body="{}")
    deliver.call(webhook.pk)
    assert not receiver.got
    assert Attempt.objects.get().fault == f"{found[-1]} is not a public address."


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["127.0.0.2", "127.0.0.1"]])
def test_it_connects_to_an_address_that_was_checked(addresses, receiver, admin, monkeypatch):
    webhook = subscribe(admin, receiver.url.replace("localhost", "hooks.example.org"))
    asked = []

    def look_up(host, port, *_args, **_kwargs):
        asked.append(host)
        found = addresses if host == "hooks.example.org" else [host]
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    Delivery.objects.create(webhook=webhook, type="ping", body="{}")
    deliver.call(webhook.pk)
    assert asked[0] == "hooks.example.org"
    assert asked[1:] == addresses
    assert receiver.got[0][0]["Host"].startswith("hooks.example.org:")


def test_nobody_there_is_told_in_words(admin, settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    webhook = subscribe(admin, "http://127.0.0.1:1/")
    Delivery.objects.create(webhook=webhook, type="ping", body="{}")
    deliver.call(webhook.pk)
    assert "refused" in Attempt.objects.get().fault


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_receiver_that_never_ends_is_left(scheme, admin, settings, monkeypatch):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    monkeypatch.setattr(sending, "LONGEST", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        webhook = subscribe(admin, f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/")
        Delivery.objects.create(webhook=webhook, type="ping", body="{}")
        deliver.call(webhook.pk)
    assert Attempt.objects.get().fault
    assert webhook.deliveries.get().state == Delivery.State.WAITING


@pytest.mark.parametrize(("name", "taken"), [("localhost", True), ("elsewhere.example.org", False)])
def test_a_certificate_has_to_be_of_the_host(name, taken, admin, settings, monkeypatch, tmp_path):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    with receiving(context) as receiver:
        webhook = subscribe(admin, receiver.url)
        Delivery.objects.create(webhook=webhook, type="ping", body="{}")
        deliver.call(webhook.pk)
        assert bool(receiver.got) is taken
    assert taken or "certificate" in Attempt.objects.get().fault.lower()


def test_workers_at_once_tell_each_change_once(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    heroes = [HeroFactory() for _hero in range(10)]
    at_once(*[partial(deliver.call, webhook.pk)] * 4)
    tell(webhook)
    told = [json.loads(body)["data"]["id"] for _headers, body in receiver.got]
    assert sorted(told) == sorted(hero.pk for hero in heroes)
    assert webhook.deliveries.count() == 10


def test_what_a_worker_died_with_is_sent_again(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    delivery = Delivery.objects.create(webhook=webhook, type="ping", body="{}")
    assert claim(delivery)
    deliver.call(webhook.pk)
    assert not receiver.got
    Delivery.objects.update(due=timezone.now())
    deliver.call(webhook.pk)
    assert len(receiver.got) == 1


def test_the_secret_is_shown_to_those_who_may_change_it(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    looking = person("looking", staff=True)
    looking.user_permissions.add(Permission.objects.get(codename="view_webhook"))
    page = f"{ADMIN}{webhook.pk}/change/"
    assert webhook.secret in read(admin.get(page)).text
    seen = browser(looking).get(page)
    assert (seen.status_code, webhook.secret in seen.content.decode()) == (200, False)
    admin.post(ADMIN, {"action": "renew_secret", "_selected_action": [webhook.pk]})
    assert Webhook.objects.get().secret != webhook.secret
