"""However many workers run, and whichever of them die, each change is sent to a webhook."""

import json
from functools import partial

import pytest
from django.utils import timezone

from heroesite.webhooks.deliveries import claim, deliver
from heroesite.webhooks.models import Delivery
from tests.factories import HeroFactory
from tests.threads import in_parallel

from .subscriptions import deliver_all, subscribe

# On PostgreSQL the feed lists a change only after its transaction, so these tests commit.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]


def test_workers_that_run_together_send_each_change_once(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    heroes = [HeroFactory() for _hero in range(10)]
    in_parallel(*[partial(deliver.call, webhook.pk)] * 4)
    deliver_all(webhook)
    sent = [json.loads(body)["data"]["id"] for _headers, body in receiver.requests]
    assert sorted(sent) == sorted(hero.pk for hero in heroes)
    assert webhook.deliveries.count() == 10


def test_a_delivery_whose_worker_died_is_sent_again(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    delivery = Delivery.objects.create(webhook=webhook, type="ping", body="{}")
    assert claim(delivery)
    deliver.call(webhook.pk)
    assert not receiver.requests
    Delivery.objects.update(due=timezone.now())
    deliver.call(webhook.pk)
    assert len(receiver.requests) == 1
