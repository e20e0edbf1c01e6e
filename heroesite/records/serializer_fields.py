"""Serializer fields that check the JSON type; the model checks the rules."""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.fields import empty

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
