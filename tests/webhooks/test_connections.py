"""A receiver that is down, slow or has the wrong certificate is reported in the log of attempts."""

import socket
import ssl

import pytest
import trustme

from heroesite.webhooks import sending
from heroesite.webhooks.deliveries import deliver
from heroesite.webhooks.models import Attempt, Delivery

from .receiver import receiving
from .subscriptions import subscribe

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]


def send_to(admin, url):
    webhook = subscribe(admin, url)
    delivery = Delivery.objects.create(webhook=webhook, type="ping", body="{}")
    deliver.call(webhook.pk)
    return delivery


def test_a_connection_that_is_refused_is_an_error(admin):
    send_to(admin, "http://127.0.0.1:1/")
    assert "refused" in Attempt.objects.get().error


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_receiver_that_never_responds_is_given_up_on(scheme, admin, monkeypatch):
    monkeypatch.setattr(sending, "TOTAL_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        delivery = send_to(admin, f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/")
    assert Attempt.objects.get().error
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.WAITING


@pytest.mark.parametrize(("name", "accepted"), [("localhost", True), ("elsewhere.example.org", False)])
def test_the_certificate_has_to_match_the_host(name, accepted, admin, monkeypatch, tmp_path):
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    with receiving(context) as receiver:
        send_to(admin, receiver.url)
        assert bool(receiver.requests) is accepted
    assert accepted or "certificate" in Attempt.objects.get().error.lower()
