"""Records as JSON: the shape is judged here, the rules by the model, in the words of the forms."""

from collections.abc import Iterable, Mapping
from copy import copy, deepcopy
from functools import cache
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import ValidationError as ModelValidationError
from drf_spectacular.extensions import OpenApiSerializerExtension
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.fields import empty

from heroesite.api.problems import InvalidBody, unknown_member_message
from heroesite.records.api.errors import MAX_ERRORS, READ_ONLY, SEND_OBJECT, StaleVersion, details
from heroesite.records.field_types import get_field_type
from heroesite.records.filters.sparse_fields import SparseFields
from heroesite.records.models.base import Record
from heroesite.records.permissions import blind_writes, hidden_fields
from heroesite.records.serializer_fields import is_integer
from heroesite.text import printable


class RecordSerializer(serializers.ModelSerializer):
    """One kind of record as JSON, read off the model's ``FIELDS`` and ``RESTRICTED``."""

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
        """Return the serializer fields, built once; each serializer copies them."""
        fields: dict[str, serializers.Field] = super().get_fields(cls())
        model: Any = cls.Meta.model
        for name in ("id", *model.AUTOMATIC):
            fields[name].read_only = True
        return fields

    def get_fields(self) -> dict[str, Any]:
        is_nested = isinstance(self.parent, RecordSerializer)  # fields and omit are about the whole
        sparse: SparseFields = SparseFields() if is_nested else self.context.get("shape", SparseFields())
        prototypes = self.model_fields()
        if sparse.expand:
            nested = self.context["view"].serializer_class.model_fields()
            prototypes = prototypes | {name: nested[name] for name in sparse.expand}
        # Declared fields may contain others, and only a deep copy keeps those apart.
        declared = {*self._declared_fields, *sparse.expand}
        fields = {
            name: deepcopy(prototypes[name]) if name in declared else copy(prototypes[name])
            for name in sparse.keep(prototypes)
        }
        for name in self.unseen():
            if name in fields:
                fields[name].write_only = True
        return fields

    def unseen(self) -> tuple[str, ...]:
        """The members left out of the answer; none in the schema, which is the same for everybody."""
        described = getattr(self.context.get("view"), "swagger_fake_view", False)
        return () if described else hidden_fields(self.context["request"].user, self.Meta.model)

    def run_validation(self, data: Any = empty) -> dict[str, Any]:
        """Read a JSON object onto the record, and ask the model about it.

        Raises:
            StaleVersion: it names another version than the record is at.
            InvalidBody: every fault, each under its member.
        """
        if not isinstance(data, Mapping):
            raise InvalidBody({"non_field_errors": [ErrorDetail(SEND_OBJECT, "invalid_type")]})
        model: Any = self.Meta.model
        record: Record = self.instance or model()
        if self.instance and is_integer(version := data.get("version")) and version != record.version:
            raise StaleVersion(record.version)
        values, errors = self.fill(record, data, partial=self.partial)
        if len(errors) < MAX_ERRORS:
            self.judge(record, errors)
        if errors:
            raise InvalidBody(errors)
        return {"record": record, "guessed": blind_writes(self.context["request"].user, record, values)}

    def fill(
        self, record: Record, data: Mapping[str, Any], *, partial: bool
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Put the members of a JSON object onto ``record``.

        Args:
            partial: whether the fields that are not among them stay as they are.

        Returns:
            the values, and the faults of shape under their members.
        """
        values, errors = self.read(record, data)
        if not partial:
            for name in self.absent(record, data):
                field = record._meta.get_field(name.removesuffix("_id"))
                values[name] = field.get_default()  # type: ignore[union-attr]
        for name, value in values.items():
            setattr(record, name, value)
        return values, errors

    def judge(
        self, record: Record, errors: dict[str, Any], *, exclude: Iterable[str] = (), **rules: bool
    ) -> None:
        """Ask the model about ``record``, and add to ``errors`` what it finds in members that have none yet.

        Args:
            exclude: fields that it is not asked about.
            rules: which of its rules are asked, as in ``full_clean``.
        """
        faulty = {name for name in record.FIELDS if record.attname(name) in errors}
        try:
            record.full_clean(exclude={*faulty, *exclude}, **rules)
        except ModelValidationError as error:
            for name, faults in error.error_dict.items():
                member = "non_field_errors" if name == NON_FIELD_ERRORS else record.attname(name)
                errors[member] = list(details(faults))

    def as_it_was(self, entry: Any) -> dict[str, Any]:
        """A record as an entry of its history has it; values that had to be forgotten are null."""
        model: Any = self.Meta.model
        erased = {model.attname(name) for name in entry.erased}
        row = self.to_representation(entry.instance)
        return {name: None if name in erased else value for name, value in row.items()}

    def read(self, record: Record, data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The values sent, and the faults of shape. Read-only members may come back as they were."""
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
            elif name not in stored or stored[name] != value:
                errors[name] = [ErrorDetail(READ_ONLY, "read_only")]
        return values, errors

    def absent(self, record: Record, data: Mapping[str, Any]) -> Iterable[str]:
        """The members that a full replacement leaves out and so clears; what its sender may not see
        stays as it is."""
        kept = () if record._state.adding else self.unseen()
        return [
            name
            for name, field in self.fields.items()
            if name not in data and name not in kept and not field.read_only
        ]

    def create(self, validated_data: dict[str, Any]) -> Record:
        record: Record = validated_data["record"]
        record.save()
        return record

    def update(self, instance: Record, validated_data: dict[str, Any]) -> Record:
        instance.save(sent=validated_data["guessed"])
        return instance


class RecordSchema(OpenApiSerializerExtension):
    """Tells in the API description that restricted members stand in some people's answers only."""

    target_class = RecordSerializer
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: str) -> Any:
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        model = self.target.Meta.model
        schema["description"] = f"A {model._meta.verbose_name}."
        if direction == "response":
            for name in model.RESTRICTED:
                schema["properties"][name]["description"] = "Only in answers to those who may see it."
            nested = set(self.target._declared_fields)
            for name in nested:
                schema["properties"][name].setdefault("description", "Not in answers to as_of.")
            schema["required"] = sorted(set(schema["properties"]) - set(model.RESTRICTED))
        return schema
