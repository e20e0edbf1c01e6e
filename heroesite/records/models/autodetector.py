"""Operations that ``makemigrations`` adds for records: fill in folded copies, check links at once, and let
the groups write new record types."""

from typing import Any

from django.apps import apps
from django.db.migrations.autodetector import (  # type: ignore[attr-defined]
    MigrationAutodetector,
    OperationDependency,
)

from .base import Record
from .fields import FoldedField, RecordForeignKey
from .operations import CheckLinksAtOnce, FillFoldedField, GrantPermissions


class RecordAutodetector(MigrationAutodetector):
    new_model_keys: set[tuple[str, str]]
    old_model_keys: set[tuple[str, str]]
    new_field_keys: set[tuple[str, str, str]]
    old_field_keys: set[tuple[str, str, str]]

    def generate_created_models(self) -> None:
        super().generate_created_models()
        for app_label, model_name in sorted(self.new_model_keys - self.old_model_keys):
            fields = self.to_state.models[app_label, model_name].fields
            for name, field in fields.items():
                self.generate_link_check(app_label, model_name, name, field)
            if issubclass(apps.get_model(app_label, model_name), Record):
                self.generate_permissions(app_label, model_name)

    def generate_added_fields(self) -> None:
        super().generate_added_fields()
        for app_label, model_name, name in sorted(self.new_field_keys - self.old_field_keys):
            field = self.to_state.models[app_label, model_name].get_field(name)
            self.generate_link_check(app_label, model_name, name, field)
            if isinstance(field, FoldedField):
                operation = FillFoldedField(app_label, model_name, name, field.of)
                self.add_operation(app_label, operation, [created(app_label, model_name, name)])

    def generate_link_check(self, app_label: str, model_name: str, name: str, field: Any) -> None:
        if isinstance(field, RecordForeignKey) and field.deconstruct()[3].get("db_constraint", True):
            operation = CheckLinksAtOnce(model_name, name)
            self.add_operation(app_label, operation, [created(app_label, model_name, name)])

    def generate_permissions(self, app_label: str, model_name: str) -> None:
        model: Any = apps.get_model(app_label, model_name)
        restricted = sorted(permission.partition(".")[2] for permission in set(model.RESTRICTED.values()))
        dependencies = [
            created(app_label, model_name),
            created("auth", "group"),
            created("contenttypes", "contenttype"),
        ]
        self.add_operation(app_label, GrantPermissions(app_label, model_name, restricted), dependencies)


def created(app_label: str, model_name: str, field: str | None = None) -> OperationDependency:
    return OperationDependency(app_label, model_name, field, OperationDependency.Type.CREATE)
