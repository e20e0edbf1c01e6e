"""Migration operations that every kind of record wants."""

from typing import Any

from django.db.migrations.operations.base import Operation


class OrderByCodePoint(Operation):
    """Compare a text column by code points on PostgreSQL, as SQLite does by itself.

    A ``db_collation`` on the field would make the migrations differ from database to database:
    SQLite knows no collation called ``C``.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str, *columns: str) -> None:
        self.model_name, self.columns = model_name, columns

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.model_name, *self.columns], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The state of the models stays as it is."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        for name in self.columns:
            field = model._meta.get_field(name)
            schema_editor.execute(
                f"ALTER TABLE {schema_editor.quote_name(model._meta.db_table)}"
                f" ALTER COLUMN {schema_editor.quote_name(field.column)}"
                f' TYPE {field.db_type(schema_editor.connection)} COLLATE "C"'
            )

    def database_backwards(self, *args: Any) -> None:
        """The columns go with their table."""

    def describe(self) -> str:
        return f"Order {self.model_name} {', '.join(self.columns)} by code point"
