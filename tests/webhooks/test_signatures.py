"""Deliveries are signed as Standard Webhooks describes, with a secret that can be rotated."""

import pytest
from django.contrib.auth.models import Permission
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from heroesite.webhooks.deliveries import deliver
from heroesite.webhooks.models import Delivery, Webhook
from tests.markup import read
from tests.people import browser, person

from .subscriptions import ADMIN, subscribe

pytestmark = pytest.mark.django_db


def test_a_signature_can_be_verified_with_the_standard_library(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    Delivery.objects.create(webhook=webhook, type="ping", body='{"type":"ping"}')
    deliver.call(webhook.pk)
    [(headers, body)] = receiver.requests
    assert Verifier(webhook.secret).verify(body, headers) == {"type": "ping"}
    with pytest.raises(WebhookVerificationError):
        Verifier(webhook.secret).verify(body.replace("ping", "pong"), headers)


def test_the_secret_is_shown_to_those_who_can_replace_it(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    viewer = person("viewer", staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_webhook"))
    page = f"{ADMIN}{webhook.pk}/change/"
    assert webhook.secret in read(admin.get(page)).text
    seen = browser(viewer).get(page)
    assert (seen.status_code, webhook.secret in seen.content.decode()) == (200, False)


def test_rotating_a_secret_replaces_it(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    admin.post(ADMIN, {"action": "rotate_secrets", "_selected_action": [webhook.pk]})
    stored = Webhook.objects.get()
    assert stored.secret != webhook.secret
    Delivery.objects.create(webhook=webhook, type="ping", body='{"type":"ping"}')
    deliver.call(webhook.pk)
    [(headers, body)] = receiver.requests
    assert Verifier(stored.secret).verify(body, headers)
