"""Helpers to add webhooks in the admin and to send their deliveries."""

import time

from heroesite.changelog.feed import Positions, changes_after
from heroesite.webhooks.deliveries import deliver
from heroesite.webhooks.models import Webhook
from tests.markup import read

ADMIN = "/admin/webhooks/webhook/"
DELIVERIES = "/admin/webhooks/delivery/"
ALL_EVENTS = {
    "kinds": ["hero", "team"],
    "actions": ["created", "changed", "deleted", "restored"],
    "active": "on",
}
TIMEOUT = 20
"""Seconds after which a test fails that waits for the feed."""


def subscribe(admin, url, **values):
    """Add a webhook in the admin and return it."""
    response = admin.post(f"{ADMIN}add/", {"url": url, **ALL_EVENTS, **values})
    assert response.status_code == 302, read(response).text
    return Webhook.objects.latest("pk")


def save(admin, webhook, **values):
    """Save a webhook in the admin, with ``values`` in its form."""
    response = admin.post(f"{ADMIN}{webhook.pk}/change/", {"url": webhook.url, **ALL_EVENTS, **values})
    assert response.status_code == 302, read(response).text


def deliver_all(webhook):
    """Create the deliveries of all changes so far, and send those that are due.

    One run is enough on SQLite. On PostgreSQL other tests' transactions on the same server may hold up the
    feed for a moment.
    """
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        deliver.call(webhook.pk)
        stored = Webhook.objects.get(pk=webhook.pk)
        if not stored.active or is_up_to_date(stored):
            return
    raise AssertionError(f"The feed was held up for {TIMEOUT} seconds.")


def is_up_to_date(webhook):
    """Whether no change comes after the webhook's place in the feed."""
    steps, _positions, caught_up = changes_after(Positions.decode(webhook.after), 1)
    return caught_up and not steps
