"""A webhook that is switched on again is sent no changes from before and no deliveries that waited."""

import json
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from heroesite.webhooks.deliveries import deliver
from heroesite.webhooks.models import Delivery, Webhook
from tests.factories import HeroFactory
from tests.markup import read

from .subscriptions import ADMIN, DELIVERIES, deliver_all, save, subscribe

# On PostgreSQL the feed lists a change only after its transaction, so these tests commit.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]


def in_admin(admin, webhook, active):
    save(admin, webhook, active="on" if active else "")


def by_save(_admin, webhook, active):
    webhook.active = active
    webhook.save()


def by_update_fields(_admin, webhook, active):
    webhook.active = active
    webhook.save(update_fields=["active"])


def by_stale_copy(_admin, webhook, active):
    """Switch off with another copy; switch on with this one, on which ``active`` never changed."""
    copy = webhook if active else Webhook.objects.get(pk=webhook.pk)
    copy.active = active
    copy.save()


def by_update(_admin, webhook, active):
    """Bypass ``save``: a webhook that is switched on this way starts with the next run of its job."""
    place = {} if active else {"after": "", "active_since": None}
    Webhook.objects.filter(pk=webhook.pk).update(active=active, **place)
    deliver.call(webhook.pk)


METHODS = [in_admin, by_save, by_update_fields, by_stale_copy, by_update]


@contextmanager
def open_transaction():
    """A transaction that stays open and holds up the feed, which on SQLite no transaction does."""
    started, end = Event(), Event()

    def hold():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")
            started.set()
            end.wait()
        connections.close_all()

    thread = Thread(target=hold)
    if connection.vendor == "postgresql":
        thread.start()
        started.wait()
    try:
        yield
    finally:
        end.set()
        if thread.is_alive():
            thread.join()


@pytest.mark.parametrize("switch", METHODS)
def test_nothing_from_before_is_sent(switch, receiver, admin):
    webhook = subscribe(admin, receiver.url)
    receiver.statuses = [500]
    HeroFactory(name="Before")
    deliver_all(webhook)
    switch(admin, webhook, active=False)
    HeroFactory(name="While off")
    deliver.call(webhook.pk)
    switch(admin, webhook, active=True)
    HeroFactory(name="After")
    deliver_all(webhook)
    Delivery.objects.exclude(due=None).update(due=timezone.now())
    deliver_all(webhook)
    names = [json.loads(body)["data"]["record"]["name"] for _headers, body in receiver.requests]
    assert names == ["Before", "After"]
    assert [delivery.state for delivery in webhook.deliveries.order_by("pk")] == ["cancelled", "delivered"]


def test_changes_that_the_feed_lists_late_are_not_sent_either(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    with open_transaction():
        save(admin, webhook, active="")
        HeroFactory()
        save(admin, webhook)
    deliver_all(webhook)
    assert not receiver.requests


def test_the_admin_shows_deliveries_as_cancelled_once_the_webhook_is_off(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    admin.post(ADMIN, {"action": "send_test_event", "_selected_action": [webhook.pk]})
    save(admin, webhook, active="")
    row = read(admin.get(DELIVERIES)).one("table", id="result_list").all("tr")[1]
    assert "cancelled" in row.text
    deliver.call(webhook.pk)
    assert not receiver.requests


def test_a_cancelled_delivery_can_be_sent_again_by_hand(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    Delivery.objects.create(webhook=webhook, type="ping", body="{}")
    save(admin, webhook, active="")
    save(admin, webhook)
    admin.post(DELIVERIES, {"action": "resend", "_selected_action": [Delivery.objects.get().pk]})
    deliver.call(webhook.pk)
    assert len(receiver.requests) == 1


def test_saving_an_active_webhook_cancels_nothing(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    HeroFactory()
    Delivery.objects.create(webhook=webhook, type="ping", body="{}")
    save(admin, webhook, kinds=["hero"])
    deliver_all(webhook)
    assert {json.loads(body).get("type", "ping") for _headers, body in receiver.requests} == {
        "hero.created",
        "ping",
    }


def test_an_update_that_leaves_the_place_in_the_feed_is_rejected(receiver, admin):
    subscribe(admin, receiver.url)
    with pytest.raises(IntegrityError):
        Webhook.objects.update(active=False)
