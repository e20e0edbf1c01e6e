"""From the feed of changes to the webhooks: one job for each, which takes up where the last ended.

Each webhook has its own place in the feed, moved in the transaction that stores its deliveries, so that each
change becomes one delivery. It is then sent until it is taken, with growing pauses, for a day.
"""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone
from django_tasks import task
from rest_framework.renderers import JSONRenderer

from heroesite.changelog.feed import InvalidCursor, Positions, changes_after
from heroesite.changelog.steps import Step
from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.audit.entries import Action
from heroesite.records.filters.sparse_fields import row_members
from heroesite.scheduling import schedule

from .models import Delivery, Webhook
from .sending import LONGEST, send

AT_ONCE = 500
"""Changes read in one transaction."""
BUDGET = timedelta(seconds=30)
"""How long one job goes on sending before others get their turn."""
CLAIM = timedelta(seconds=4 * LONGEST)
"""After which a delivery whose sender died is sent again."""
PAUSES = [
    *(timedelta(seconds=seconds) for seconds in (5, 30)),
    *(timedelta(minutes=minutes) for minutes in (2, 10, 30)),
    *(timedelta(hours=hours) for hours in (1, 2, 4, 8, 8)),
]
"""Between the attempts: a day in all."""
GONE = 410
"""The answer of one who wants no more (Standard Webhooks)."""


def deliver_soon() -> None:
    """Have all webhooks told of what is new."""
    for pk in Webhook.objects.filter(active=True).values_list("pk", flat=True):
        schedule(deliver, next_second(), pk)


@receiver(post_save, sender=ChangeSet)
def after_commit(created: bool, **_signal: Any) -> None:
    """Tell of what is being written once it can be read; the write does not fail with it."""
    if created:
        transaction.on_commit(deliver_soon, robust=True)


def next_second(after: datetime | None = None) -> datetime:
    """The next whole second, or that after a time to come."""
    latest = max(after or timezone.now(), timezone.now())
    return latest.replace(microsecond=0) + timedelta(seconds=1)


@task()
def deliver(webhook: int) -> None:
    """Tell a webhook what is new, and again what it has not taken."""
    found = Webhook.objects.filter(pk=webhook, active=True).first()
    if found is None:
        return
    caught_up = collect(found)
    all_taken = send_due(found)
    now, waiting = timezone.now(), found.deliveries.filter(state=Delivery.State.WAITING)
    due = waiting.order_by("due").values_list("due", flat=True).first()
    if due and not all_taken:
        due = max(due, now + PAUSES[0])
    if due or not caught_up:
        schedule(deliver, next_second(due if caught_up else now), found.pk)


def collect(webhook: Webhook) -> bool:
    """Store a delivery for each change since the last time. Returns whether that is all that there is."""
    read, caught_up = True, False
    while read and not caught_up:
        with transaction.atomic():
            locked = Webhook.objects.select_for_update().get(pk=webhook.pk)
            try:
                seen = Positions.read(locked.after)
            except InvalidCursor:  # the database was restored
                seen = Positions.here()
            steps, positions, caught_up = changes_after(seen, AT_ONCE)
            Delivery.objects.bulk_create(
                Delivery(webhook=locked, type=type_of(step), body=body_of(step))
                for step in steps
                if step.kind._meta.model_name in locked.kinds and step.action in locked.actions
            )
            locked.after, read = positions.write(), bool(steps)
            locked.save(update_fields=["after"])
    return caught_up


def type_of(step: Step) -> str:
    return f"{step.kind._meta.model_name}.{step.action.value}"


def body_of(step: Step) -> str:
    """What is told of a change: as the feed tells visitors, so no secrets, and nobody's name."""
    entry, visitor = step.entry, AnonymousUser()
    record: dict[str, Any] | None = None
    if step.action != Action.DELETED:
        erased = {step.kind.attname(name) for name in entry.erased}
        record = {
            name: None if name in erased else getattr(entry.instance, name)
            for name in row_members(visitor, step.kind)
        }
    data = {
        "kind": step.kind._meta.model_name,
        "id": entry.id,
        "version": entry.version,
        "action": step.action.value,
        "at": entry.history_date,
        "change_set": entry.change_set_id,
        "door": entry.change_set.door,
        "record": record,
    }
    return message(type_of(step), entry.history_date, data)


def message(kind: str, at: datetime, data: dict[str, Any]) -> str:
    told: bytes = JSONRenderer().render({"type": kind, "timestamp": at, "data": data})
    return told.decode()


def greet(webhook: Webhook) -> None:
    """Send a webhook something to try itself on."""
    body = message("ping", timezone.now(), {"webhook": webhook.pk})
    Delivery.objects.create(webhook=webhook, type="ping", body=body)
    schedule(deliver, next_second(), webhook.pk)


def send_due(webhook: Webhook) -> bool:
    """Send what is due, the oldest first, until one is not taken. Returns whether all were."""
    end = timezone.now() + BUDGET
    while timezone.now() < end:
        waiting = webhook.deliveries.filter(state=Delivery.State.WAITING, due__lte=timezone.now())
        delivery = waiting.select_related("webhook").order_by("due", "id").first()
        if delivery is None:
            return True
        if claim(delivery) and not sent(delivery):
            return False
    return True


def claim(delivery: Delivery) -> bool:
    """Whether a delivery is ours to send, and no other worker's."""
    seen = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.WAITING, due=delivery.due)
    return bool(seen.update(due=timezone.now() + CLAIM))


def sent(delivery: Delivery) -> bool:
    """Send a delivery. Returns whether it was taken; else it waits for the next time, if there is one."""
    attempt = send(delivery)
    with transaction.atomic():
        attempt.save()
        tried = delivery.attempts.count()
        if attempt.succeeded:
            delivery.state, delivery.due = Delivery.State.DELIVERED, None
        elif tried > len(PAUSES) or attempt.status == GONE:
            delivery.state, delivery.due = Delivery.State.FAILED, None
        else:
            delivery.due = attempt.at + PAUSES[tried - 1]
        delivery.save(update_fields=["state", "due"])
        if attempt.status == GONE:
            Webhook.objects.filter(pk=delivery.webhook_id).update(active=False)
    return attempt.succeeded
