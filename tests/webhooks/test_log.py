"""Staff see what was sent and how receivers responded, send test events, and send deliveries again."""

import json

import pytest

from heroesite.webhooks.deliveries import deliver
from tests.factories import HeroFactory
from tests.markup import read

from .subscriptions import ADMIN, DELIVERIES, deliver_all, save, subscribe

# On PostgreSQL the feed lists a change only after its transaction, so these tests commit.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]


def test_staff_read_the_log_and_send_a_delivery_again(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    receiver.response, receiver.statuses = b"Thank you", [200]
    HeroFactory()
    deliver_all(webhook)
    delivery = webhook.deliveries.get()
    page = read(admin.get(f"{DELIVERIES}{delivery.pk}/change/")).text
    assert "Thank you" in page
    assert delivery.message in page
    selection = {"action": "resend", "_selected_action": [delivery.pk]}
    assert admin.post(DELIVERIES, selection).status_code == 302
    deliver.call(webhook.pk)
    assert receiver.requests[0][1] == receiver.requests[1][1]
    assert receiver.requests[0][0]["webhook-id"] == receiver.requests[1][0]["webhook-id"]


def test_the_list_shows_the_last_status_or_error(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    receiver.statuses = [503]
    HeroFactory()
    deliver_all(webhook)
    refused = subscribe(admin, "http://127.0.0.1:1/")
    HeroFactory()
    deliver_all(refused)
    rows = [row.text for row in read(admin.get(DELIVERIES)).one("table", id="result_list").all("tr")[1:]]
    assert "503" in rows[1]
    assert "refused" in rows[0]


def test_a_test_event_can_be_sent_to_active_webhooks(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    off = subscribe(admin, receiver.url, active="")
    response = admin.post(
        ADMIN, {"action": "send_test_event", "_selected_action": [webhook.pk, off.pk]}, follow=True
    )
    assert "1 test event is being sent." in read(response).text
    deliver.call(webhook.pk)
    deliver.call(off.pk)
    assert [json.loads(body)["type"] for _headers, body in receiver.requests] == ["ping"]


def test_deliveries_of_inactive_webhooks_are_not_sent_again(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    HeroFactory()
    deliver_all(webhook)
    save(admin, webhook, active="")
    selection = {"action": "resend", "_selected_action": [webhook.deliveries.get().pk]}
    assert "0 deliveries are being sent again." in read(admin.post(DELIVERIES, selection, follow=True)).text
