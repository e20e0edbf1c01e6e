"""Load users together with their permissions, in one query."""

import json
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db.models import OuterRef, Subquery, TextField, Value
from django.db.models.functions import Concat

from heroesite.database.statements import InstanceStatement


class TextList(Subquery):
    """The values of a subquery with one column of text, as a list."""

    output_field = TextField()
    template = "(SELECT json_group_array(text) FROM (%(subquery)s))"

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        return self.as_sql(compiler, connection, template="ARRAY(%(subquery)s)")  # type: ignore[call-arg]

    def get_db_converters(self, connection: Any) -> list[Any]:
        return [] if connection.vendor == "postgresql" else [lambda text, *_args: json.loads(text)]


def permission_lists(user_id: str) -> dict[str, TextList]:
    """Return annotations with a user's own permissions and those of the user's groups.

    Args:
        user_id: the lookup of the user's id.
    """
    names = Concat("content_type__app_label", Value("."), "codename", output_field=TextField())
    permissions = Permission.objects.order_by().annotate(text=names).values("text")
    return {
        "own_permissions": TextList(permissions.filter(user=OuterRef(user_id))),
        "group_permissions": TextList(permissions.filter(group__user=OuterRef(user_id))),
    }


def set_permissions(user: Any, source: Any) -> None:
    """Set the permissions of a user, which the authentication backend reads.

    Args:
        source: an instance that was loaded with :func:`permission_lists`.
    """
    user.loaded_permissions = {*source.own_permissions, *source.group_permissions}


@cache
def user_statement() -> InstanceStatement:
    return InstanceStatement(get_user_model().objects.annotate(**permission_lists("pk")).filter(pk=0))


def load_user(pk: int) -> Any:
    """Return the user with this id and their permissions, or None."""
    user = user_statement().load(pk)
    if user:
        set_permissions(user, user)
    return user
