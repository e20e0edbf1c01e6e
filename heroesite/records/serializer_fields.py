"""Serializer fields that check the JSON type; the model checks the rules."""

from typing import Any, ClassVar, NoReturn

from rest_framework import serializers
from rest_framework.fields import empty

from heroesite.validators import REQUIRED

TYPE_NAMES = {str: "a string", bool: "a boolean", list: "an array", dict: "an object", type(None): "null"}


def is_integer(value: Any) -> bool:
    """Return whether a JSON value is a number without a fraction."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, float) and value.is_integer()
    )


def integer_type_message(value: Any) -> str:
    """Return the error message for ``value``, which isn't an integer."""
    if type(value) not in TYPE_NAMES:
        return "Send a whole number such as 12."
    return f"Send a JSON number such as 12, not {TYPE_NAMES[type(value)]}."


class UnvalidatedField(serializers.Field):
    """A field whose limits are in the API description but validated by the model."""

    default_error_messages: ClassVar[dict[str, Any]] = {"required": REQUIRED, "invalid_type": "{message}"}

    def fail(self, key: str, **kwargs: Any) -> NoReturn:
        super().fail("required" if key == "null" else key, **kwargs)

    def run_validators(self, value: Any) -> None:
        return None


class StringField(UnvalidatedField, serializers.CharField):
    def run_validation(self, data: Any = empty) -> Any:
        return serializers.Field.run_validation(self, data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid_type", message="Send a JSON string.")
        return data


class IntegerField(UnvalidatedField, serializers.IntegerField):
    """A JSON number without a fraction; a string of digits is a string."""

    def to_internal_value(self, data: Any) -> int:
        if not is_integer(data):
            self.fail("invalid_type", message=integer_type_message(data))
        return int(data)
