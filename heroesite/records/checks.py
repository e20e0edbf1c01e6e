"""System checks of record types, run by every ``manage.py`` command."""

from contextlib import suppress
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

from .field_types import FIELD_TYPES, UnregisteredFieldType, get_field_type
from .models.base import record_models
from .permissions import unrestricted_fields
from .registry import record_types
from .views.charts import CHARTS


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
def check_restricted_fields(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check that no link is restricted: the other record's pages would reveal it."""
    return [
        Error(
            f"{name} is a link, and a link can't be restricted.",
            hint="Remove it from RESTRICTED, or store the value in a field of another type.",
            obj=model,
            id="records.E003",
        )
        for model in record_models()
        for name in model.RESTRICTED
        if name in model.link_names()
    ]


@register(Tags.models)
def check_charts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check that each charted field can be charted, and that everyone can see it."""
    hint = f"Choose a field without restriction that is one of {', '.join(each.__name__ for each in CHARTS)}."
    return [
        Error(f"{name} can't be charted.", hint=hint, obj=record_type.model, id="records.E004")
        for record_type in record_types()
        for name in record_type.charts
        if name not in unrestricted_fields(record_type.model)
        or type(record_type.model._meta.get_field(name)) not in CHARTS
    ]


@register(Tags.models)
def check_list_filters(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check that each filter that a list offers exists."""
    errors: list[CheckMessage] = []
    for record_type in record_types():
        with suppress(UnregisteredFieldType):  # which E001 reports
            known = record_type.filterset.base_filters
            hint = f"Use one of {', '.join(known)}."
            for name in set(record_type.list_filters) - set(known):
                message = f"{name} is not a filter of {record_type.name}."
                errors.append(Error(message, hint=hint, obj=record_type.model, id="records.E005"))
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
