"""A webhook is sent each change that it subscribes to, as the feed lists it for visitors."""

import json

import jsonschema
import pytest

from heroesite.webhooks.models import Webhook
from tests.factories import HeroFactory, TeamFactory
from tests.people import program

from .subscriptions import deliver_all, subscribe

# On PostgreSQL the feed lists a change only after its transaction, so these tests commit.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]


def events(receiver):
    return [json.loads(body) for _headers, body in receiver.requests]


def test_a_change_is_sent_as_the_feed_lists_it_for_visitors(receiver, admin, owner, visitor_program):
    webhook = subscribe(admin, receiver.url)
    client = program(owner)
    hero = {"name": "Owl", "age": 3, "secret_name": "Nora Hidden"}
    created = client.post("/api/v1/heroes/", hero).json()
    client.patch(f"/api/v1/heroes/{created['id']}", {"age": 4})
    client.delete(f"/api/v1/heroes/{created['id']}")
    deliver_all(webhook)
    changes = visitor_program.get("/api/v1/changes/").json()["results"]
    sent = events(receiver)
    assert [event["type"] for event in sent] == ["hero.created", "hero.changed", "hero.deleted"]
    names = {"user", "token"}
    public = [{name: value for name, value in change.items() if name not in names} for change in changes]
    assert [event["data"] for event in sent] == public
    assert "Nora" not in str(receiver.requests)
    assert webhook.secret not in str(receiver.requests)


def test_events_and_their_example_match_the_api_description(receiver, admin, visitor_program):
    schema = visitor_program.get("/api/schema/").json()
    media = schema["webhooks"]["change"]["post"]["requestBody"]["content"]["application/json"]
    validator = jsonschema.Draft202012Validator({**media["schema"], "components": schema["components"]})
    webhook = subscribe(admin, receiver.url)
    hero = HeroFactory(team=TeamFactory())
    hero.delete()
    deliver_all(webhook)
    sent = events(receiver)
    example = media["examples"]["A change"]["value"]
    for event in [*sent, example]:
        validator.validate(event)
    created = next(event for event in sent if event["type"] == "hero.created")
    assert created["data"].keys() == example["data"].keys()
    assert created["data"]["record"].keys() == example["data"]["record"].keys()
    described = schema["webhooks"]["change"]["post"]["parameters"]
    assert {header["name"] for header in described} <= receiver.requests[0][0].keys()


def test_only_the_selected_events_are_sent_and_none_from_before(receiver, admin):
    HeroFactory().delete()
    webhook = subscribe(admin, receiver.url, kinds=["hero"], actions=["deleted"])
    hero = HeroFactory(team=TeamFactory())
    hero.delete()
    deliver_all(webhook)
    assert [event["type"] for event in events(receiver)] == ["hero.deleted"]


def test_saving_a_webhook_while_deliveries_are_created_sends_nothing_twice(receiver, admin):
    webhook = subscribe(admin, receiver.url)
    loaded = Webhook.objects.get(pk=webhook.pk)
    HeroFactory()
    deliver_all(webhook)
    loaded.save()
    deliver_all(webhook)
    assert len(receiver.requests) == 1
