"""Migration operations for records. ``makemigrations`` adds them; see :mod:`.autodetector`."""

from collections.abc import Sequence
from itertools import chain, islice
from typing import Any

from django.db.migrations.operations import RunPython
from django.db.migrations.operations.base import Operation
from django.utils import timezone

from .search_indexes import drop_index


class CheckLinksAtOnce(Operation):
    """Check a link when it is written instead of at the commit. The migration state doesn't change.

    A write whose linked record is deleted concurrently then fails within ``save``, where
    :mod:`heroesite.records.retries` retries it before the success is reported. SQLite has
    one writer at a time and no such race.

    Args:
        model_name: the model.
        link: the name of its field.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str, link: str) -> None:
        self.model_name, self.link = model_name, link

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.model_name, self.link], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        return None

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self.alter(app_label, schema_editor, to_state, "DEFERRABLE INITIALLY IMMEDIATE")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self.alter(app_label, schema_editor, to_state, "DEFERRABLE INITIALLY DEFERRED")

    def alter(self, app_label: str, schema_editor: Any, state: Any, timing: str) -> None:
        connection = schema_editor.connection
        if connection.vendor != "postgresql":
            return
        for sql in schema_editor.deferred_sql:  # the constraint itself, in a migration that adds the link
            schema_editor.execute(sql)
        schema_editor.deferred_sql.clear()
        model = state.apps.get_model(app_label, self.model_name)
        table, column = model._meta.db_table, model._meta.get_field(self.link).column
        with connection.cursor() as cursor:
            constraints = connection.introspection.get_constraints(cursor, table)
        for name, constraint in constraints.items():
            if constraint["foreign_key"] and constraint["columns"] == [column]:
                schema_editor.execute(
                    f"ALTER TABLE {schema_editor.quote_name(table)}"
                    f" ALTER CONSTRAINT {schema_editor.quote_name(name)} {timing}"
                )

    def describe(self) -> str:
        return f"Check {self.link} of {self.model_name} when it is written"


class FillFoldedField(RunPython):
    """Fill in the folded copies of existing lines.

    Args:
        app_label: the app of the model.
        model_name: the model.
        name: the name of the folded field.
        of: the name of the line's field.
    """

    batch_size = 1000

    def __init__(self, app_label: str, model_name: str, name: str, of: str) -> None:
        self.app_label, self.model_name, self.name, self.of = app_label, model_name, name, of
        super().__init__(self.fill, RunPython.noop)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.app_label, self.model_name, self.name, self.of], {}

    def fill(self, apps: Any, schema_editor: Any) -> None:
        model = apps.get_model(self.app_label, self.model_name)
        field = model._meta.get_field(self.name)
        lines = model._base_manager.order_by().exclude(**{self.of: None}).values_list("pk", self.of)
        keys = ((field.fold(line), pk) for pk, line in lines.iterator(self.batch_size))
        with schema_editor.connection.cursor() as cursor:
            while batch := list(islice(keys, self.batch_size)):
                self.write(cursor, model, field, batch)

    def write(self, cursor: Any, model: Any, field: Any, keys: Sequence[tuple[str, Any]]) -> None:
        """Write the folded copies of a batch of lines, each with the primary key of its record.

        On PostgreSQL, this is one statement, which takes half the time. SQLite before 3.33 doesn't have it.
        """
        quote = cursor.db.ops.quote_name
        update = f"UPDATE {quote(model._meta.db_table)} SET {quote(field.column)} ="  # noqa: S608
        pk = quote(model._meta.pk.column)
        if cursor.db.vendor == "postgresql":
            values = ", ".join(["(%s, %s)"] * len(keys))
            statement = f"{update} column1 FROM (VALUES {values}) AS keys WHERE {pk} = column2"
            cursor.execute(statement, list(chain.from_iterable(keys)))
        else:
            cursor.executemany(f"{update} %s WHERE {pk} = %s", keys)


class DropSearchIndex(RunPython):
    """When migrations are reversed, drop a search index before its column: triggers on SQLite refer to it.

    Args:
        app_label: the app of the model.
        model_name: the model.
    """

    def __init__(self, app_label: str, model_name: str) -> None:
        self.app_label, self.model_name = app_label, model_name
        super().__init__(RunPython.noop, self.drop)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.app_label, self.model_name], {}

    def drop(self, apps: Any, schema_editor: Any) -> None:
        with schema_editor.connection.cursor() as cursor:
            model = apps.get_model(self.app_label, self.model_name)
            drop_index(schema_editor.connection, cursor, model, "search_key")


class GrantPermissions(RunPython):
    """Let Editors and Keepers write a new record type, and Keepers see its restricted fields.

    Args:
        app_label: the app of the model.
        model_name: the model.
        restricted: the code names of the permissions to see restricted fields.
    """

    actions = ("add", "change", "delete", "view")

    def __init__(self, app_label: str, model_name: str, restricted: Sequence[str] = ()) -> None:
        self.app_label, self.model_name, self.restricted = app_label, model_name, list(restricted)
        super().__init__(self.grant, RunPython.noop)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        arguments = [self.app_label, self.model_name, *([self.restricted] if self.restricted else [])]
        return type(self).__name__, arguments, {}

    def grant(self, apps: Any, schema_editor: Any) -> None:
        content_types = apps.get_model("contenttypes", "ContentType").objects
        content_type, _new = content_types.get_or_create(app_label=self.app_label, model=self.model_name)

        def permission(codename: str) -> Any:
            permissions = apps.get_model("auth", "Permission").objects
            name = f"Can {codename.replace('_', ' ')}"
            return permissions.get_or_create(
                content_type=content_type, codename=codename, defaults={"name": name}
            )[0]

        editing = [permission(f"{action}_{self.model_name}") for action in self.actions]
        seeing = [permission(codename) for codename in self.restricted]
        groups = apps.get_model("auth", "Group").objects
        groups.get_or_create(name="Editors")[0].permissions.add(*editing)
        groups.get_or_create(name="Keepers")[0].permissions.add(*editing, *seeing)


class BeginHistory(RunPython):
    """Add a history entry for each existing record, so that its next change can be undone.

    Args:
        app_label: the app of the model.
        model_name: the model.
    """

    def __init__(self, app_label: str, model_name: str) -> None:
        self.app_label, self.model_name = app_label, model_name
        super().__init__(self.add_entries, RunPython.noop)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.app_label, self.model_name], {}

    def add_entries(self, apps: Any, schema_editor: Any) -> None:
        model = apps.get_model(self.app_label, self.model_name)
        entry = apps.get_model(self.app_label, f"historical{self.model_name}")
        if not model.objects.exists():
            return
        now = timezone.now()
        # ``door`` was renamed to ``source`` after the last migration that uses this operation.
        change_set = apps.get_model("records", "ChangeSet").objects.create(
            door="command", note="The history begins here."
        )
        fields, entry_fields = ({field.attname for field in each._meta.fields} for each in (model, entry))
        entries = (
            entry(history_date=now, history_type="~", change_set=change_set, **values)
            for values in model.objects.order_by("pk").values(*fields & entry_fields).iterator()
        )
        entry.objects.bulk_create(entries, batch_size=500)
