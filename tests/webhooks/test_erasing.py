"""A value that is erased from the history is erased from deliveries and from the responses to them."""

import json
from urllib.parse import quote

import pytest
from django.core.management import call_command

from heroes.models import Hero
from heroesite.webhooks.deliveries import deliver, record_attempt
from heroesite.webhooks.models import Attempt, Delivery
from tests.factories import HeroFactory

from .subscriptions import DELIVERIES, deliver_all, subscribe

# On PostgreSQL the feed lists a change only after its transaction, so these tests commit.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]
LEAKED = "Édith “Wren” & Son"


@pytest.fixture
def webhook(receiver, admin):
    return subscribe(admin, receiver.url)


def erase(hero, field, version):
    call_command("erase_history", "hero", str(hero.pk), field, str(version))


def leaked_once(**fields):
    """A hero that had the values of ``fields`` in its first version only."""
    hero = HeroFactory(**fields)
    hero.name, hero.age = "Lamplighter", None
    hero.save()
    return hero


def stored():
    """All that is stored of deliveries and attempts."""
    bodies = list(Delivery.objects.values_list("body", flat=True))
    return str([*bodies, *Attempt.objects.values_list("response", "error")])


def test_a_delivery_that_is_sent_again_does_not_have_the_value(webhook, receiver, admin):
    hero = leaked_once(name=LEAKED)
    deliver_all(webhook)
    erase(hero, "name", 1)
    assert LEAKED not in stored()
    first = webhook.deliveries.earliest("pk")
    admin.post(DELIVERIES, {"action": "resend", "_selected_action": [first.pk]})
    deliver.call(webhook.pk)
    before, again = (json.loads(receiver.requests[index][1]) for index in (0, -1))
    assert before["data"]["record"].pop("name") == LEAKED
    assert again["data"]["record"].pop("name") is None
    assert before == again


def test_a_delivery_that_waits_does_not_send_the_value(webhook, receiver):
    receiver.statuses = [500]
    hero = leaked_once(name=LEAKED)
    deliver_all(webhook)
    erase(hero, "name", 1)
    webhook.deliveries.waiting().update(due=webhook.created_at)
    deliver.call(webhook.pk)
    assert "name" in receiver.requests[-1][1]
    assert LEAKED not in receiver.requests[-1][1]


def test_other_events_are_left_alone(webhook):
    HeroFactory(name=LEAKED).delete()  # a namesake
    hero = leaked_once(name=LEAKED)
    hero.delete()
    deliver_all(webhook)
    before = dict(Delivery.objects.values_list("pk", "body"))
    erase(hero, "name", 1)
    changed = [
        json.loads(body)["data"] for pk, body in before.items() if body != Delivery.objects.get(pk=pk).body
    ]
    assert [(data["id"], data["version"]) for data in changed] == [(hero.pk, 1)]


def test_a_number_is_erased_as_well(webhook):
    hero = leaked_once(age=271828)
    deliver_all(webhook)
    erase(hero, "age", 1)
    assert "271828" not in stored()


def test_a_response_that_repeats_the_event_is_erased(webhook, receiver):
    receiver.echo, receiver.statuses = True, [200, 200]
    hero = leaked_once(name=LEAKED)
    deliver_all(webhook)
    assert LEAKED in stored()
    erase(hero, "name", 1)
    assert LEAKED not in stored()
    first, second = Attempt.objects.order_by("pk")
    assert (first.response, first.status) == ("(erased)", 200)
    assert "Lamplighter" in second.response


@pytest.mark.parametrize("encode", [str, json.dumps, quote])
def test_a_response_to_another_event_is_erased_if_it_has_the_value(encode, webhook):
    hero = leaked_once(name=LEAKED)
    other = Delivery.objects.create(webhook=webhook, type="ping", body="{}")
    attempts = [
        other.attempts.create(response=f"1 new: {encode(LEAKED)}!"),
        other.attempts.create(response="OK"),
    ]
    attempts.append(other.attempts.create(error=f"BadStatusLine({encode(LEAKED)})"))
    erase(hero, "name", 1)
    assert [(row.response, row.error) for row in other.attempts.all()] == [
        ("(erased)", ""),
        ("OK", ""),
        ("", "(erased)"),
    ]


def test_a_response_that_arrives_after_the_erasing_is_not_stored(webhook, receiver):
    receiver.statuses = [500]
    hero = leaked_once(name=LEAKED)
    deliver_all(webhook)
    in_flight = webhook.deliveries.earliest("pk")
    erase(hero, "name", 1)
    record_attempt(in_flight, Attempt(delivery=in_flight, status=200, response=LEAKED))
    assert LEAKED not in stored()


def test_erasing_again_also_erases_from_deliveries_of_an_older_release(webhook):
    hero = leaked_once(name=LEAKED)
    deliver_all(webhook)
    Hero.history.filter(id=hero.pk, version=1).update(name="(erased)", erased=["name"])
    assert LEAKED in stored()
    erase(hero, "name", 1)
    assert LEAKED not in stored()


def test_a_delivery_created_after_the_erasing_does_not_have_the_value(webhook):
    hero = leaked_once(name=LEAKED)
    erase(hero, "name", 1)
    deliver_all(webhook)
    assert LEAKED not in stored()
