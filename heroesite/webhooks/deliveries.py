"""Deliveries: created from the feed of changes, sent by one job per webhook, retried for a day.

Each webhook has its own place in the feed. It is moved in the transaction that creates the deliveries, so
each change becomes exactly one delivery.
"""

import threading
import time
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone
from django_tasks import task
from rest_framework.renderers import JSONRenderer

from heroesite.changelog.erasing import ERASED
from heroesite.changelog.feed import InvalidCursor, Positions, changes_after
from heroesite.changelog.steps import Step
from heroesite.records.audit.entries import Action
from heroesite.records.audit.recording import entries_recorded
from heroesite.records.filters.sparse_fields import row_members
from heroesite.scheduling import schedule, schedule_each

from .models import Attempt, Delivery, Webhook
from .sending import TOTAL_TIMEOUT, send

BATCH = 500
"""Changes read in one transaction."""
TIME_BUDGET = timedelta(seconds=30)
"""How long one job sends before other webhooks get their turn."""
CLAIM_TIMEOUT = timedelta(seconds=4 * TOTAL_TIMEOUT)
"""After which a delivery is sent again if its worker died."""
RETRY_DELAYS = [
    *(timedelta(seconds=seconds) for seconds in (5, 30)),
    *(timedelta(minutes=minutes) for minutes in (2, 10, 30)),
    *(timedelta(hours=hours) for hours in (1, 2, 4, 8, 8)),
]
"""Between one attempt and the next: a day in all."""
REREAD_SECONDS = 1
"""The time after which a process reads again which webhooks are active."""
GONE = 410
"""The status of a receiver that wants no more events (Standard Webhooks)."""


class Unscheduled(threading.local):
    """Whether this thread wrote ``entries`` after it last scheduled deliveries."""

    entries = True


unscheduled = Unscheduled()


@receiver(entries_recorded)
def schedule_on_commit(**_signal: Any) -> None:
    """Schedule deliveries when the current transaction commits. If that fails, the write still succeeds."""
    unscheduled.entries = True
    transaction.on_commit(schedule_once, robust=True)


def schedule_once() -> None:
    """Schedule deliveries for the transaction that has just committed, unless that has been done.

    A transaction registers this each time it writes entries, since a savepoint that is rolled back drops what
    was registered within. Only the first call queries the database.
    """
    if unscheduled.entries:
        unscheduled.entries = False
        if webhooks := active_webhooks.get():
            schedule_each(deliver, next_second(), webhooks)


def read_active_webhooks() -> list[tuple[int]]:
    return list(Webhook.objects.order_by().filter(active=True).values_list("pk"))


class ActiveWebhooks:
    """The ids of the active webhooks, which a process reads at most once in ``REREAD_SECONDS`` seconds.

    A change made soon after a webhook is activated may not schedule its delivery. The job that the activation
    schedules delivers it.
    """

    def __init__(self) -> None:
        self.known: tuple[Collection[tuple[int]], float] = ((), 0)

    def get(self) -> Collection[tuple[int]]:
        now = time.monotonic()
        ids, until = self.known  # other threads may replace it
        if now >= until:
            ids = read_active_webhooks()
            self.known = ids, now + REREAD_SECONDS
        return ids


active_webhooks = ActiveWebhooks()


@receiver(post_save, sender=Webhook)
def schedule_after_activation(instance: Webhook, **_signal: Any) -> None:
    """Schedule the deliveries of a webhook for when all processes know that it is active."""
    if instance.active:
        transaction.on_commit(
            lambda: schedule(
                deliver, next_second(timezone.now() + timedelta(seconds=REREAD_SECONDS)), instance.pk
            ),
            robust=True,
        )


def schedule_deliveries() -> None:
    """Enqueue a job for each active webhook."""
    schedule_each(deliver, next_second(), read_active_webhooks())


def next_second(after: datetime | None = None) -> datetime:
    """Return the first whole second after now, or after ``after`` if that is later."""
    latest = max(after or timezone.now(), timezone.now())
    return latest.replace(microsecond=0) + timedelta(seconds=1)


@task()
def deliver(webhook: int) -> None:
    """Create the deliveries of a webhook, send those that are due and enqueue the next run.

    Args:
        webhook: its id.
    """
    found = Webhook.objects.filter(pk=webhook, active=True).first()
    if found is None:
        return
    caught_up = create_deliveries(found)
    all_accepted = send_due(found)
    now, waiting = timezone.now(), found.deliveries.waiting()
    due = waiting.order_by("due").values_list("due", flat=True).first()
    if due and not all_accepted:
        due = max(due, now + RETRY_DELAYS[0])
    if due or not caught_up:
        schedule(deliver, next_second(due if caught_up else now), found.pk)


def create_deliveries(webhook: Webhook) -> bool:
    """Create a delivery for each change since the last run. Return whether the feed lists no others."""
    read, caught_up = True, False
    while read and not caught_up:
        with transaction.atomic():
            locked = Webhook.objects.select_for_update().filter(pk=webhook.pk, active=True).first()
            if locked is None:
                return True
            if not locked.after:  # switched on by an UPDATE, without save()
                locked.deliveries.cancel()
                locked.reset_position()
            try:
                seen = Positions.decode(locked.after)
            except InvalidCursor:  # the database was restored
                seen = Positions.latest()
            steps, positions, caught_up = changes_after(seen, BATCH)
            Delivery.objects.bulk_create(
                Delivery(webhook=locked, type=event_type(step), body=event_body(step))
                for step in steps
                if is_subscribed(locked, step)
            )
            read = bool(steps)
            place = {"after": positions.encode(), "active_since": locked.active_since}
            Webhook.objects.filter(pk=locked.pk).update(**place)
    return caught_up


def is_subscribed(webhook: Webhook, step: Step) -> bool:
    """Return whether a webhook is sent a change: one of its events, made since it was switched on."""
    since = webhook.active_since
    return (
        step.model._meta.model_name in webhook.kinds
        and step.action in webhook.actions
        and (since is None or step.entry.history_date >= since)
    )


def event_type(step: Step) -> str:
    """Return the type of the event that a change is, such as ``hero.changed``."""
    return f"{step.model._meta.model_name}.{step.action.value}"


def event_body(step: Step) -> str:
    """Return a change as the feed lists it for visitors: without restricted values and names of users."""
    entry, visitor = step.entry, AnonymousUser()
    record: dict[str, Any] | None = None
    if step.action != Action.DELETED:
        erased = {step.model.attname(name) for name in entry.erased}
        record = {
            name: None if name in erased else getattr(entry.instance, name)
            for name in row_members(visitor, step.model)
        }
    data = {
        "kind": step.model._meta.model_name,
        "id": entry.id,
        "version": entry.version,
        "action": step.action.value,
        "at": entry.history_date,
        "change_set": entry.change_set_id,
        "source": entry.change_set.source,
        "record": record,
    }
    return render({"type": event_type(step), "timestamp": entry.history_date, "data": data})


def render(event: dict[str, Any]) -> str:
    """Return an event as JSON."""
    body: bytes = JSONRenderer().render(event)
    return body.decode()


def send_test_event(webhook: Webhook) -> None:
    """Enqueue an event of type ``ping``."""
    body = render({"type": "ping", "timestamp": timezone.now(), "data": {"webhook": webhook.pk}})
    Delivery.objects.create(webhook=webhook, type="ping", body=body)
    schedule(deliver, next_second(), webhook.pk)


def send_due(webhook: Webhook) -> bool:
    """Send the deliveries that are due, the oldest first, until one fails. Return whether none did."""
    end = timezone.now() + TIME_BUDGET
    while timezone.now() < end:
        due = webhook.deliveries.waiting().filter(due__lte=timezone.now())
        delivery = due.select_related("webhook").order_by("due", "id").first()
        if delivery is None:
            return True
        if claim(delivery) and not send_and_record(delivery):
            return False
    return True


def claim(delivery: Delivery) -> bool:
    """Reserve a delivery for this worker. Return False if another worker has it."""
    seen = Delivery.objects.waiting().filter(pk=delivery.pk, due=delivery.due)
    return bool(seen.update(due=timezone.now() + CLAIM_TIMEOUT))


def send_and_record(delivery: Delivery) -> bool:
    """Send a delivery and store the attempt. Return whether the receiver accepted it."""
    attempt = send(delivery)
    record_attempt(delivery, attempt)
    if attempt.status == GONE:
        switch_off(delivery.webhook_id)
    return attempt.succeeded


def record_attempt(delivery: Delivery, attempt: Attempt) -> None:
    """Store an attempt, and whether its delivery is done, has failed or will be retried.

    The delivery may have been deleted, cancelled or partly erased while it was sent.
    """
    with transaction.atomic():
        stored = Delivery.objects.select_for_update().filter(pk=delivery.pk).first()
        if stored is None:
            return
        if stored.body != delivery.body:
            attempt.response, attempt.error = ERASED, ""  # they may repeat what has been erased
        attempt.save()
        attempts = stored.attempts.count()
        if attempt.succeeded:
            stored.state, stored.due = Delivery.State.DELIVERED, None
        elif stored.state == Delivery.State.WAITING:
            if attempts > len(RETRY_DELAYS) or attempt.status == GONE:
                stored.state, stored.due = Delivery.State.FAILED, None
            else:
                stored.due = attempt.at + RETRY_DELAYS[attempts - 1]
        stored.save(update_fields=["state", "due"])


def switch_off(pk: int) -> None:
    """Switch off a webhook whose receiver wants no more events."""
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update().filter(pk=pk).first()
        if webhook:
            webhook.active = False
            webhook.save(update_fields=["active"])
