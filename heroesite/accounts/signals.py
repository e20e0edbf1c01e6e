"""Keep the folded username of each user up to date, whatever saves the user."""

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import User
from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver

from .models import FoldedUsername, UsernameTaken


def changes_username(update_fields: Collection[str] | None) -> bool:
    return update_fields is None or "username" in update_fields


@receiver(pre_save, sender=User)
def check_username(
    instance: User, raw: bool, using: str, update_fields: Collection[str] | None, **kwargs: Any
) -> None:
    """Refuse a taken username before the user is written.

    Raises:
        UsernameTaken: on ``username``.
    """
    if not raw and changes_username(update_fields):
        try:
            FoldedUsername.objects.db_manager(using).check_free(instance.username, instance)
        except UsernameTaken as error:
            raise UsernameTaken({"username": error}) from None


@receiver(post_save, sender=User)
def store_folded_username(
    instance: User, created: bool, using: str, update_fields: Collection[str] | None, **kwargs: Any
) -> None:
    """Write the folded username.

    Raises:
        UsernameTaken: on ``username``, if another user has taken it since it was checked.
    """
    if not changes_username(update_fields):
        return
    try:
        FoldedUsername.objects.db_manager(using).store(instance)
    except UsernameTaken as error:
        if created:  # outside a transaction the user is already committed
            instance.delete()
        raise UsernameTaken({"username": error}) from None
