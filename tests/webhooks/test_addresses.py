"""Webhooks are sent to public addresses and to allowed ports only, checked when saved and when sent."""

import socket
from ipaddress import ip_address, ip_network

import pytest

from heroesite.webhooks.addresses import NOT_PUBLIC, is_public
from heroesite.webhooks.deliveries import deliver
from heroesite.webhooks.models import Attempt, Delivery, Webhook
from tests.markup import read

from .receiver import receiving
from .subscriptions import ADMIN, ALL_EVENTS, save, subscribe

pytestmark = pytest.mark.django_db

NOT_REACHABLE = [  # IANA's special-purpose registries, 2025-10-09: Globally Reachable is not True
    *("0.0.0.0/8", "0.0.0.0/32", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("172.16.0.0/12", "192.0.0.0/24", "192.0.0.0/29", "192.0.0.8/32", "192.0.0.170/32", "192.0.0.171/32"),
    *("192.0.2.0/24", "192.88.99.0/24", "192.88.99.2/32", "192.168.0.0/16", "198.18.0.0/15"),
    *("198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "255.255.255.255/32"),
    *("::1/128", "::/128", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001:2::/48"),
    *("2001:10::/28", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10"),
    *("224.0.0.0/4", "ff00::/8", "fec0::/10", "::/96"),  # multicast, site-local and IPv4-compatible
]
EMBEDDED = {
    "IPv4-mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1"],
    "NAT64": ["64:ff9b::10.0.0.1", "64:ff9b::c0a8:101"],
    "6to4": ["2002:7f00:1::", "2002:c0a8:101::1"],
    "Teredo server": ["2001:0:a00:1:0:0:f6f6:f6f6"],
    "Teredo client": ["2001:0:909:909:0:0:f5ff:fffe"],
}
PUBLIC = [
    *("9.9.9.9", "192.0.1.1", "198.20.0.1", "223.255.255.255", "2620:fe::fe", "2001:4860:4860::8888"),
    *("::ffff:9.9.9.9", "64:ff9b::9.9.9.9", "2002:909:909::1", "2001:0:909:909:0:0:f6f6:f6f6"),
]


def url_of(address):
    return f"https://[{address}]/" if ":" in str(address) else f"https://{address}/"


def is_accepted(admin, url):
    response = admin.post(f"{ADMIN}add/", {"url": url, **ALL_EVENTS})
    assert response.status_code == (302 if Webhook.objects.exists() else 200)
    return Webhook.objects.exists()


@pytest.mark.parametrize("network", NOT_REACHABLE)
def test_a_network_that_is_not_reachable_from_everywhere_is_rejected(network, admin):
    addresses = ip_network(network)
    middle = addresses[addresses.num_addresses // 2]
    assert not any(map(is_public, (addresses[0], middle, addresses[-1])))
    assert not is_accepted(admin, url_of(middle))


def test_every_row_of_the_table_is_tested():
    assert sorted(map(str, NOT_PUBLIC)) == sorted(NOT_REACHABLE)


@pytest.mark.parametrize("address", [address for found in EMBEDDED.values() for address in found])
def test_a_private_address_within_a_public_one_is_rejected(address, admin):
    assert not is_public(ip_address(address))
    assert not is_accepted(admin, url_of(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_accepted(address, admin):
    assert is_public(ip_address(address))
    assert is_accepted(admin, url_of(address))


@pytest.mark.parametrize(
    ("url", "accepted"),
    [
        *((f"{scheme}://hooks.example.org/", True) for scheme in ("http", "https")),
        *((f"https://hooks.example.org:{port}/", True) for port in (80, 443, 8443)),
        *((f"http://hooks.example.org:{port}/", False) for port in (22, 25, 6379, 8080, 65535)),
    ],
)
def test_other_ports_than_80_and_443_are_allowed_by_a_setting(url, accepted, admin, settings):
    settings.WEBHOOK_PORTS = [8443]
    assert is_accepted(admin, url) is accepted


def test_the_error_names_the_ports_that_are_allowed(admin, settings):
    settings.WEBHOOK_PORTS = [8443]
    page = read(admin.post(f"{ADMIN}add/", {"url": "https://hooks.example.org:22/", **ALL_EVENTS}))
    assert "Port 22 isn't allowed for webhooks. Use one of: 80, 443, 8443." in page.text


@pytest.mark.parametrize(
    "url",
    [
        *("", "ftp://hooks.example.org/", "hooks.example.org", "https://me:secret@hooks.example.org/"),
        *(
            "https://[::1",
            "https://hooks.example.org:0/",
            "https://hooks.example.org:x/",
            "https://hööks.example/",
        ),
    ],
)
def test_a_url_that_cannot_be_used_is_rejected_with_one_message(url, admin):
    response = admin.post(f"{ADMIN}add/", {"url": url, **ALL_EVENTS})
    assert response.status_code == 200
    assert len(read(response).one("ul", class_="errorlist").all("li")) == 1


def test_the_port_is_checked_again_when_sending(receiver, admin, settings):
    webhook = subscribe(admin, receiver.url)
    settings.WEBHOOK_PORTS = []
    Delivery.objects.create(webhook=webhook, type="ping", body="{}")
    deliver.call(webhook.pk)
    assert not receiver.requests
    assert Attempt.objects.get().error.startswith(f"Port {receiver.port} isn't allowed for webhooks.")


@pytest.mark.parametrize("found", [["127.0.0.1"], ["9.9.9.9", "10.0.0.1"], ["::ffff:c0a8:1"], ["fec0::1%lo"]])
def test_a_name_that_resolves_to_a_private_address_is_not_connected_to(
    found, receiver, admin, settings, monkeypatch
):
    webhook = subscribe(admin, receiver.url)
    settings.WEBHOOK_ALLOW_PRIVATE = False
    resolved = [(0, 0, 0, "", (address, 80)) for address in found]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: resolved)
    Delivery.objects.create(webhook=webhook, type="ping", body="{}")
    deliver.call(webhook.pk)
    assert not receiver.requests
    assert Attempt.objects.get().error.startswith(f"{found[-1].partition('%')[0]} isn't a public address.")


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["127.0.0.2", "127.0.0.1"]])
def test_the_connection_goes_to_an_address_that_was_checked(addresses, receiver, admin, monkeypatch):
    webhook = subscribe(admin, receiver.url.replace("localhost", "hooks.example.org"))
    resolved = []

    def resolve(host, port, *_args, **_kwargs):
        resolved.append(host)
        found = addresses if host == "hooks.example.org" else [host]
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    Delivery.objects.create(webhook=webhook, type="ping", body="{}")
    deliver.call(webhook.pk)
    assert resolved == ["hooks.example.org", *addresses]
    assert receiver.requests[0][0]["Host"].startswith("hooks.example.org:")


def test_a_redirect_is_not_followed(receiver, admin):
    with receiving() as elsewhere:
        receiver.statuses, receiver.headers = [307], {"Location": elsewhere.url}
        webhook = subscribe(admin, receiver.url)
        Delivery.objects.create(webhook=webhook, type="ping", body="{}")
        deliver.call(webhook.pk)
        assert not elsewhere.requests
    assert (Attempt.objects.get().status, webhook.deliveries.get().state) == (307, "waiting")


def test_a_webhook_that_is_saved_again_is_checked_again(receiver, admin, settings):
    webhook = subscribe(admin, receiver.url)
    save(admin, webhook)
    settings.WEBHOOK_PORTS = []
    response = admin.post(f"{ADMIN}{webhook.pk}/change/", {"url": webhook.url, **ALL_EVENTS})
    assert response.status_code == 200
