"""Serializer fields that check the JSON type; the model checks the rules."""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.fields import empty

from heroesite.records.models.fields import BoundedIntegerField, LineField
from heroesite.validators import NOT_A_WHOLE_NUMBER, REQUIRED


class UnvalidatedField(serializers.Field):
    """Leaves the rules, which stand in the schema, to the model."""

    default_error_messages: ClassVar[dict[str, Any]] = {"required": REQUIRED, "null": REQUIRED}

    def run_validators(self, value: Any) -> None:
        return None


class StringField(UnvalidatedField, serializers.CharField):
    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": _("Send a string.")}

    def run_validation(self, data: Any = empty) -> Any:
        return serializers.Field.run_validation(self, data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class IntegerField(UnvalidatedField, serializers.IntegerField):
    """A JSON number without a fraction; a string of digits is a string."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": NOT_A_WHOLE_NUMBER}

    def to_internal_value(self, data: Any) -> int:
        whole = isinstance(data, int) and not isinstance(data, bool)
        if not whole and not (isinstance(data, float) and data.is_integer()):
            self.fail("invalid")
        return int(data)


def member(field: Any) -> tuple[type[serializers.Field], dict[str, Any]]:
    """The serializer field for a model field, with what the schema tells about it."""
    about = {"label": field.verbose_name, "required": not field.blank, "allow_null": field.null}
    if isinstance(field, LineField):
        return StringField, {"max_length": field.max_length, **about}
    if isinstance(field, BoundedIntegerField):
        return IntegerField, {"min_value": field.min_value, "max_value": field.max_value, **about}
    return IntegerField, {"min_value": 1, **about}
