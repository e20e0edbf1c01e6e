"""Erases from deliveries, and from the responses to them, what is erased from the history of a record."""

import json
from collections.abc import Collection, Iterator
from typing import Any

from django.db.models import Q
from django.dispatch import receiver

from heroesite.changelog.erasing import ERASED, containing, value_erased
from heroesite.records.models import Record

from .deliveries import render
from .models import Attempt, Delivery, Webhook


@receiver(value_erased)
def erase_in_deliveries(
    sender: type[Record],
    pk: int,
    field: str,
    versions: Collection[int],
    texts: Collection[str],
    **_signal: Any,
) -> None:
    """Erase a field from the events of some versions of a record, and all responses that may repeat it.

    A receiver could encode the value in any way, so the responses to these events are erased whole.
    """
    # No worker may be creating a delivery from an entry that it read before.
    list(Webhook.objects.order_by("pk").select_for_update())
    member = sender.attname(field)
    for delivery, event in events_of(sender, pk):
        data = event["data"]
        if data["version"] in versions and data["record"] and data["record"].get(member) is not None:
            data["record"][member] = None
            delivery.body = render(event)
            delivery.save(update_fields=["body"])
            erase_responses(Q(delivery=delivery))
    for text in texts:
        erase_responses(containing(text, "response", "error"))


def events_of(model: type[Record], pk: int) -> Iterator[tuple[Delivery, dict[str, Any]]]:
    """Return the deliveries about a record, each with its event."""
    deliveries = Delivery.objects.filter(type__startswith=f"{model._meta.model_name}.")
    for delivery in deliveries.filter(body__contains=f'"id":{pk},').order_by("pk").iterator():
        event = json.loads(delivery.body)
        if event["data"]["id"] == pk:
            yield delivery, event


def erase_responses(attempts: Q) -> None:
    """Erase the responses and errors of ``attempts`` that are not blank."""
    for field in ("response", "error"):
        Attempt.objects.filter(attempts).exclude(**{field: ""}).update(**{field: ERASED})
