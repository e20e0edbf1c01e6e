"""Records as JSON. The serializer checks the types, the model the rest, with the messages of the forms."""

from collections.abc import Callable, Iterable, Mapping
from copy import copy, deepcopy
from datetime import datetime
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, cast

from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import models
from django.utils.functional import cached_property
from drf_spectacular.extensions import OpenApiSerializerExtension
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.fields import empty
from rest_framework.utils.serializer_helpers import BindingDict

from heroesite.api.problems import SEND_OBJECT, InvalidBody, unknown_member_message
from heroesite.records.api.errors import MAX_ERRORS, READ_ONLY, StaleVersion, details
from heroesite.records.field_types import get_field_type
from heroesite.records.filters.sparse_fields import SparseFields
from heroesite.records.models.base import Record
from heroesite.records.permissions import hidden_with_links
from heroesite.records.serializer_fields import integer_type_message, is_integer
from heroesite.text import printable

MAX_SHARED_FIELDS = 200
"""How many combinations of members are kept."""


def is_described(view: Any) -> bool:
    """Return whether the serializer is part of the API description."""
    return getattr(view, "swagger_fake_view", False)


def is_attribute(field: serializers.Field) -> bool:
    """Return whether the value of a serializer field is the attribute of the record with the same name."""
    return field.source == field.field_name and type(field).get_attribute is serializers.Field.get_attribute


class InstantField(serializers.DateTimeField):
    """An instant that was loaded from the database, and so is in UTC, the time zone of the API."""

    def to_representation(self, value: datetime) -> str:
        return value.isoformat().replace("+00:00", "Z")


class RecordSerializer(serializers.ModelSerializer):
    """One record type as JSON. The fields follow from the model's ``FIELDS`` and ``RESTRICTED``."""

    serializer_field_mapping = serializers.ModelSerializer.serializer_field_mapping | {
        models.DateTimeField: InstantField
    }

    def get_field_names(self, declared_fields: Mapping[str, Any], info: Any) -> list[str]:
        model: Any = self.Meta.model
        return ["id", *model.attnames().values(), *declared_fields, *model.AUTOMATIC]

    def build_field(self, field_name: str, info: Any, model_class: Any, nested_depth: int) -> Any:
        for name, attname in model_class.attnames().items():
            if attname == field_name:
                field = model_class._meta.get_field(name)
                return get_field_type(field).serializer_field(field)
        return super().build_field(field_name, info, model_class, nested_depth)

    @classmethod
    @cache
    def model_fields(cls) -> dict[str, serializers.Field]:
        """Return the serializer fields, built once; :meth:`get_fields` copies them."""
        fields: dict[str, serializers.Field] = super().get_fields(cls())
        model: Any = cls.Meta.model
        for name in ("id", *model.AUTOMATIC):
            fields[name].read_only = True
        return fields

    @classmethod
    @cache
    def queried_members(cls) -> list[str]:
        """Return the members that methods of the serializer compute, with queries of their own."""
        declared = cls._declared_fields.items()
        return [name for name, field in declared if isinstance(field, serializers.SerializerMethodField)]

    @cached_property
    def fields(self) -> Any:
        """The members. Serializers of a kind share them, except those that call its methods."""
        view = self.context.get("view")
        if isinstance(self.parent, RecordSerializer) or is_described(view):
            return super().fields
        sparse = self.context.get("sparse_fields", SparseFields())
        single = getattr(view, "serializer_class", None) if sparse.expand else None
        fields = self.shared_fields(sparse, self.hidden, single)
        own = BindingDict(self)
        for name, field in self._declared_fields.items():
            if name in fields and not isinstance(field, RecordSerializer):
                own[name] = deepcopy(field)
        return {**fields, **own} if own else fields

    @classmethod
    @lru_cache(MAX_SHARED_FIELDS)
    def shared_fields(
        cls, sparse: SparseFields, hidden: frozenset[tuple[type[Record], str]], single: Any
    ) -> dict[str, serializers.Field]:
        """Return the fields of serializers with this context.

        Args:
            hidden: the models and fields that the user can't see.
            single: the serializer of one record, which has the members that a list can be extended by.
        """
        context = {"sparse_fields": sparse, "hidden": hidden, "single": single}
        fields = BindingDict(owner := cls(context=context))
        for name, field in owner.get_fields().items():
            fields[name] = field
        return dict(fields)

    def get_fields(self) -> dict[str, Any]:
        is_nested = isinstance(self.parent, RecordSerializer)  # fields and omit apply to the outer record
        sparse: SparseFields = (
            SparseFields() if is_nested else self.context.get("sparse_fields", SparseFields())
        )
        prototypes = self.model_fields()
        if sparse.expand:
            nested = self.context["single"].model_fields()
            prototypes = prototypes | {name: nested[name] for name in sparse.expand}
        # Declared fields may contain other fields, which only a deep copy copies.
        declared = {*self._declared_fields, *sparse.expand}
        fields = {
            name: deepcopy(prototypes[name]) if name in declared else copy(prototypes[name])
            for name in sparse.keep(prototypes)
        }
        for name in self.hidden_members():
            if name in fields:
                fields[name].write_only = True
        return fields

    @cached_property
    def hidden(self) -> frozenset[tuple[type[Record], str]]:
        """What the user can't see of the record and its links; nothing for the API description."""
        if "hidden" in self.context:
            return cast(frozenset[tuple[type[Record], str]], self.context["hidden"])
        if is_described(self.context.get("view")):
            return frozenset()
        return hidden_with_links(self.context["request"].user, cast(Any, self.Meta.model))

    def hidden_members(self) -> list[str]:
        """Return the members that the user can't see."""
        return [name for model, name in self.hidden if model is self.Meta.model]

    @cached_property
    def readable(self) -> list[tuple[str, Callable[[Any], Any], Callable[[Any], Any]]]:
        """For each member of a response, its name, and functions that return its value and the JSON of it."""
        return [
            (name, attrgetter(name) if is_attribute(field) else field.get_attribute, field.to_representation)
            for name, field in self.fields.items()
            if not field.write_only
        ]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        values = ((name, get_value(instance), to_json) for name, get_value, to_json in self.readable)
        return {name: None if value is None else to_json(value) for name, value, to_json in values}

    def run_validation(self, data: Any = empty) -> dict[str, Any]:
        """Set the values of a JSON object on the record, and validate the record.

        Raises:
            StaleVersion: the object has another version than the record.
            InvalidBody: the object is invalid. It has the errors by member.
        """
        if not isinstance(data, Mapping):
            raise InvalidBody({"non_field_errors": [ErrorDetail(SEND_OBJECT, "invalid_type")]})
        model: Any = self.Meta.model
        record: Record = self.instance or model()
        if self.instance and is_integer(version := data.get("version")) and version != record.version:
            raise StaleVersion(record.version)
        values, errors = self.set_values(record, data, partial=self.partial)
        if creation_data := self.context.get("creation_data"):
            record.use_creation_data(creation_data)
        if len(errors) < MAX_ERRORS:
            self.validate_record(record, errors)
        if errors:
            raise InvalidBody(errors)
        return {"record": record, "blind_fields": {*self.hidden_members()} & {*values}}

    def set_values(
        self, record: Record, data: Mapping[str, Any], *, partial: bool
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Set the values of a JSON object on ``record``.

        Args:
            partial: whether fields that the object doesn't have keep their values.

        Returns:
            the values by member, and the type errors by member.
        """
        values, errors = self.read(record, data)
        if not partial:
            for name in self.missing_members(record, data):
                field = record._meta.get_field(name)
                values[name] = field.get_default()
        for name, value in values.items():
            setattr(record, name, value)
        return values, errors

    def validate_record(
        self, record: Record, errors: dict[str, Any], *, exclude: Iterable[str] = (), **rules: bool
    ) -> None:
        """Validate ``record``, and add the errors of members that have none yet to ``errors``.

        Args:
            exclude: fields that aren't validated.
            rules: arguments of ``full_clean``.
        """
        invalid = {name for name in record.FIELDS if record.attname(name) in errors}
        try:
            record.full_clean(exclude={*invalid, *exclude, *record.automatic_fields()}, **rules)
        except ModelValidationError as error:
            for name, errors_of_field in error.error_dict.items():
                member = "non_field_errors" if name == NON_FIELD_ERRORS else record.attname(name)
                errors[member] = list(details(errors_of_field))

    def represent_entry(self, entry: Any) -> dict[str, Any]:
        """Return a record at a history entry. Erased values are null."""
        model: Any = self.Meta.model
        erased = {model.attname(name) for name in entry.erased}
        row = self.to_representation(entry.instance)
        return {name: None if name in erased else value for name, value in row.items()}

    def read(self, record: Record, data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the values and the type errors, by member. A read-only member may be sent back unchanged."""
        echoed = any(name in data for name, field in self.fields.items() if field.read_only)
        stored = self.to_representation(record) if not record._state.adding and echoed else {}
        values: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for name, value in data.items():
            if len(errors) == MAX_ERRORS:
                break
            field = self.fields.get(name)
            if field is None:
                known = (name for name, field in self.fields.items() if not field.read_only)
                errors[printable(name)] = [ErrorDetail(unknown_member_message(*known), "unknown_member")]
            elif not field.read_only:
                try:
                    values[name] = field.run_validation(value)
                except serializers.ValidationError as error:
                    errors[name] = error.detail
            elif name == "version" and not is_integer(value):
                errors[name] = [ErrorDetail(integer_type_message(value), "invalid_type")]
            elif name not in stored or stored[name] != value:
                errors[name] = [ErrorDetail(READ_ONLY, "read_only")]
        return values, errors

    def missing_members(self, record: Record, data: Mapping[str, Any]) -> Iterable[str]:
        """Return the members that a PUT omits and so clears; hidden members keep their values."""
        hidden = () if record._state.adding else self.hidden_members()
        return [
            name
            for name, field in self.fields.items()
            if name not in data and name not in hidden and not field.read_only
        ]

    def create(self, validated_data: dict[str, Any]) -> Record:
        record: Record = validated_data["record"]
        record.save()
        return record

    def update(self, instance: Record, validated_data: dict[str, Any]) -> Record:
        instance.save(blind_fields=validated_data["blind_fields"])
        return instance


class RecordSchema(OpenApiSerializerExtension):
    """Describe the members that not every response has."""

    target_class = RecordSerializer
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: str) -> Any:
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        model = self.target.Meta.model
        schema["description"] = f"A {model._meta.verbose_name}."
        if direction == "response":
            for name in model.RESTRICTED:
                schema["properties"][name]["description"] = "Only in responses to users who can see it."
            nested = set(self.target._declared_fields)
            for name in nested:
                schema["properties"][name].setdefault("description", "Omitted with as_of.")
            schema["required"] = sorted(set(schema["properties"]) - set(model.RESTRICTED))
        return schema
