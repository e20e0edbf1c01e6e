"""Migration operations that every kind of record wants."""

from typing import Any

from django.db.migrations.operations import RunPython
from django.db.migrations.operations.base import Operation
from django.utils import timezone


class CheckLinksAtOnce(Operation):
    """Check a link when it is written, not at the commit. The models' state stays as it is.

    So a write that meets the deletion of what it links to fails within ``save``, where
    :mod:`heroesite.records.retries` runs it again before anybody has been told that it succeeded. SQLite
    has one writer at a time and no such race.

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
        self.check(app_label, schema_editor, to_state, "DEFERRABLE INITIALLY IMMEDIATE")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self.check(app_label, schema_editor, to_state, "DEFERRABLE INITIALLY DEFERRED")

    def check(self, app_label: str, schema_editor: Any, state: Any, when: str) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        model = state.apps.get_model(app_label, self.model_name)
        column = model._meta.get_field(self.link).column
        for name in schema_editor._constraint_names(model, [column], foreign_key=True):
            schema_editor.execute(
                f"ALTER TABLE {schema_editor.quote_name(model._meta.db_table)}"
                f" ALTER CONSTRAINT {schema_editor.quote_name(name)} {when}"
            )

    def describe(self) -> str:
        return f"Check {self.link} of {self.model_name} when it is written"


class BeginHistory(RunPython):
    """Enters into the history what is there already, so that its next change can be undone.

    Args:
        app_label: the app of the model.
        model_name: the model.
    """

    def __init__(self, app_label: str, model_name: str) -> None:
        self.app_label, self.model_name = app_label, model_name
        super().__init__(self.enter, RunPython.noop)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.app_label, self.model_name], {}

    def enter(self, apps: Any, schema_editor: Any) -> None:
        model = apps.get_model(self.app_label, self.model_name)
        entry = apps.get_model(self.app_label, f"historical{self.model_name}")
        if not model.objects.exists():
            return
        now = timezone.now()
        begun = apps.get_model("records", "ChangeSet").objects.create(
            door="command", note="The history begins here."
        )
        fields, kept = ({field.attname for field in kind._meta.fields} for kind in (model, entry))
        entries = (
            entry(history_date=now, history_type="~", change_set=begun, **values)
            for values in model.objects.order_by("pk").values(*fields & kept).iterator()
        )
        entry.objects.bulk_create(entries, batch_size=500)
