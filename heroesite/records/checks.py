"""System checks of record types, run by every ``manage.py`` command."""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

from .field_types import FIELD_TYPES, UnregisteredFieldType, get_field_type
from .models.base import record_models
from .registry import record_types


@register(Tags.models)
def check_field_types(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check that each field that users fill in has a registered type."""
    errors: list[CheckMessage] = []
    known = ", ".join(field_class.__name__ for field_class in FIELD_TYPES)
    for model in record_models():
        for name in model.FIELDS:
            field: Any = model._meta.get_field(name)
            try:
                get_field_type(field)
            except UnregisteredFieldType:
                hint = (
                    f"Use one of {known}, or add {type(field).__name__} to heroesite/records/field_types.py."
                )
                message = f"{name} is a {type(field).__name__}, which is not a registered field type."
                errors.append(Error(message, hint=hint, obj=model, id="records.E001"))
    return errors


@register(Tags.models)
def check_registration(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check that each record model is registered."""
    registered = {record_type.model for record_type in record_types()}
    return [
        Error(
            f"{model._meta.object_name} is not registered.",
            hint=f"Register it in {model._meta.app_label}/record_type.py; see docs/ADDING.md.",
            obj=model,
            id="records.E002",
        )
        for model in record_models()
        if model not in registered
    ]
