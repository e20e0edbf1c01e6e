"""Values for the fields of any record type, made from its model."""

from itertools import count
from typing import Any

from heroesite.records.models.base import Record
from heroesite.records.models.fields import BoundedIntegerField, LineField, RecordForeignKey

Values = dict[str, Any]
numbers = count(1)


def new_value(field: Any) -> Any:
    """Return a valid value that no other record has."""
    if isinstance(field, RecordForeignKey):
        return create(field.related_model)
    number = next(numbers)
    if isinstance(field, BoundedIntegerField):
        return field.min_value + number % (field.max_value - field.min_value + 1)
    assert isinstance(field, LineField), f"{field} has no values for tests: add them here"
    return f"{field.name} {number}"


def new_values(model: type[Record]) -> Values:
    return {name: new_value(model._meta.get_field(name)) for name in model.FIELDS}


def create(model: type[Record], **values: Any) -> Any:
    record = model(**new_values(model) | values)
    record.full_clean()
    record.save()
    return record


def as_json(values: Values) -> Values:
    """Return the members that a client sends."""
    return {
        f"{name}_id" if isinstance(value, Record) else name: getattr(value, "pk", value)
        for name, value in values.items()
    }


def as_form(values: Values) -> dict[str, str]:
    """Return what a browser sends."""
    texts = {name: getattr(value, "pk", value) for name, value in values.items()}
    return {name: "" if value is None else str(value) for name, value in texts.items()}
