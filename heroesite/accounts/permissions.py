"""The rule that nobody grants, or takes over, permissions that they don't have."""

from collections.abc import Iterable

from django.contrib.auth.models import Permission, User
from django.db.models import QuerySet
from django.utils.translation import gettext as _

LISTED = 3
"""How many permissions a message lists."""


def missing_permissions(user: User, permissions: QuerySet[Permission]) -> list[Permission]:
    """Return those of ``permissions`` that ``user`` doesn't have."""
    if user.is_superuser:
        return []
    held = user.get_all_permissions()
    return [
        permission
        for permission in permissions.select_related("content_type").distinct()
        if f"{permission.content_type.app_label}.{permission.codename}" not in held
    ]


def describe(names: Iterable[object]) -> str:
    """Return the names as a list, cut off after the first few."""
    listed = [str(name) for name in names]
    more = len(listed) - LISTED
    text = ", ".join(listed[:LISTED])
    return _("%(names)s and %(count)d more") % {"names": text, "count": more} if more > 0 else text
