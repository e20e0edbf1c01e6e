"""Upgrading cancels waiting deliveries of inactive webhooks and keeps the log of attempts."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]


def migrate(name):
    """Migrate the app ``webhooks`` and return the apps with its models at that migration."""
    executor = MigrationExecutor(connection)
    targets = [("webhooks", name)] if name else executor.loader.graph.leaf_nodes("webhooks")
    return executor.migrate(targets).apps


@pytest.fixture
def old_apps():
    yield migrate("0001_initial")
    migrate(None)


def test_deliveries_of_inactive_webhooks_are_cancelled(old_apps):
    for active in (True, False):
        webhook = old_apps.get_model("webhooks", "Webhook").objects.create(
            url="https://hooks.example.org/", active=active, after="cursor"
        )
        delivery = old_apps.get_model("webhooks", "Delivery").objects.create(webhook_id=webhook.pk, body="{}")
        old_apps.get_model("webhooks", "Attempt").objects.create(
            delivery_id=delivery.pk, answer="No", fault="Timeout"
        )
    apps = migrate(None)
    webhooks = apps.get_model("webhooks", "Webhook").objects.order_by("active")
    assert [(row.active, row.after) for row in webhooks] == [(False, ""), (True, "cursor")]
    deliveries = apps.get_model("webhooks", "Delivery").objects.order_by("webhook__active")
    assert [(row.state, row.due is None) for row in deliveries] == [("cancelled", True), ("waiting", False)]
    for attempt in apps.get_model("webhooks", "Attempt").objects.all():
        assert (attempt.response, attempt.error) == ("No", "Timeout")
