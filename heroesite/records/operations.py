"""Migration operations that every kind of record wants."""

from typing import Any

from django.db.migrations.operations.base import Operation


class PostgreSQLOperation(Operation):
    """Changes how PostgreSQL keeps some columns of a model; the models' state stays as it is.

    Args:
        model_name: the model.
        columns: the names of its fields.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str, *columns: str) -> None:
        self.model_name, self.columns = model_name, columns

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.model_name, *self.columns], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        return None

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            model = to_state.apps.get_model(app_label, self.model_name)
            for name in self.columns:
                self.alter(schema_editor, model, model._meta.get_field(name))

    def database_backwards(self, *args: Any) -> None:
        """The columns go with their table."""

    def describe(self) -> str:
        return f"{type(self).__name__} on {self.model_name} {', '.join(self.columns)}"

    def alter(self, schema_editor: Any, model: Any, field: Any) -> None:
        raise NotImplementedError


class OrderByCodePoint(PostgreSQLOperation):
    """Compare a text column by code points on PostgreSQL, as SQLite does by itself.

    A ``db_collation`` on the field would make the migrations differ from database to database:
    SQLite knows no collation called ``C``.
    """

    def alter(self, schema_editor: Any, model: Any, field: Any) -> None:
        schema_editor.execute(
            f"ALTER TABLE {schema_editor.quote_name(model._meta.db_table)}"
            f" ALTER COLUMN {schema_editor.quote_name(field.column)}"
            f' TYPE {field.db_type(schema_editor.connection)} COLLATE "C"'
        )


class CheckLinksAtOnce(PostgreSQLOperation):
    """Check a link when it is written, not at the commit.

    So a write that meets the deletion of what it links to fails within ``save``, where
    :mod:`heroesite.records.races` runs it again before anybody has been told that it succeeded. SQLite
    has one writer at a time and no such race.
    """

    def alter(self, schema_editor: Any, model: Any, field: Any) -> None:
        for name in schema_editor._constraint_names(model, [field.column], foreign_key=True):
            schema_editor.execute(
                f"ALTER TABLE {schema_editor.quote_name(model._meta.db_table)}"
                f" ALTER CONSTRAINT {schema_editor.quote_name(name)} DEFERRABLE INITIALLY IMMEDIATE"
            )
