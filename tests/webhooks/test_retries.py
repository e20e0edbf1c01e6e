"""A delivery that a receiver does not accept is retried for a day, with growing delays."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from heroesite.webhooks.deliveries import RETRY_DELAYS, deliver
from heroesite.webhooks.models import Delivery, Webhook
from tests.factories import HeroFactory

from .subscriptions import deliver_all, subscribe

# On PostgreSQL the feed lists a change only after its transaction, so these tests commit.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]


def test_retries_have_growing_delays_and_the_delivery_fails_after_a_day(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    receiver.statuses, receiver.response = [500] * 99, b"No\0t now"
    HeroFactory()
    deliver_all(webhook)
    delivery, delays = webhook.deliveries.get(), []
    for _delay in RETRY_DELAYS:
        assert delivery.state == Delivery.State.WAITING
        delays.append(delivery.due - delivery.attempts.last().at)
        deliver.call(webhook.pk)
        assert len(receiver.requests) == len(delays), "nothing is sent before it is due"
        webhook.deliveries.update(due=timezone.now())
        deliver.call(webhook.pk)
        delivery.refresh_from_db()
    assert delays == RETRY_DELAYS == sorted(RETRY_DELAYS)
    assert timedelta(hours=23) < sum(RETRY_DELAYS, timedelta()) < timedelta(hours=25)
    assert (delivery.state, delivery.due) == (Delivery.State.FAILED, None)
    stored = {(500, "No\ufffdt now")}
    assert {(attempt.status, attempt.response) for attempt in delivery.attempts.all()} == stored
    assert len({(headers["webhook-id"], body) for headers, body in receiver.requests}) == 1


def test_a_delivery_that_fails_does_not_hold_up_the_next(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    receiver.statuses = [500]
    HeroFactory()
    HeroFactory()
    deliver_all(webhook)
    deliver.call(webhook.pk)
    assert {delivery.state for delivery in webhook.deliveries.all()} == {"waiting", "delivered"}


def test_a_receiver_that_is_gone_switches_its_webhook_off(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    receiver.statuses = [410]
    with transaction.atomic():  # so that the feed lists both at the same time
        HeroFactory.create_batch(2)
    deliver_all(webhook)
    deliver.call(webhook.pk)
    assert not Webhook.objects.get().active
    assert len(receiver.requests) == 1
    assert [delivery.state for delivery in webhook.deliveries.order_by("pk")] == ["failed", "cancelled"]
