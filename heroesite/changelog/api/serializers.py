"""Change sets and history entries as JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from heroesite.changelog.steps import Step
from heroesite.records.audit.change_sets import ChangeSet, Source
from heroesite.records.audit.entries import Action
from heroesite.records.permissions import hidden_fields

CHANGES = {
    "type": "object",
    "description": (
        "The changed members, each with its value before and after. If you can't see the values, only"
        " `changed` is set; if they have been erased from the history, `erased` is set."
    ),
    "additionalProperties": {
        "type": "object",
        "properties": {
            "before": {"type": ["string", "integer", "null"]},
            "after": {"type": ["string", "integer", "null"]},
            "changed": {"type": "boolean", "const": True},
            "erased": {"type": "boolean", "const": True},
        },
    },
}


class Person(serializers.CharField):
    """The user who made a change, shown only to signed-in users."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, help_text="Null if the request isn't authenticated.", **kwargs)

    def to_representation(self, value: str) -> str | None:  # type: ignore[override]
        return (value or None) if self.context["request"].user.is_authenticated else None


class EntrySerializer(serializers.Serializer):
    """A change to a record."""

    version = serializers.IntegerField(source="entry.version")
    name = serializers.CharField(source="entry.name")
    action = serializers.ChoiceField(Action.choices)
    changes = serializers.SerializerMethodField()

    @extend_schema_field(CHANGES)
    def get_changes(self, step: Step) -> dict[str, Any]:
        hidden = hidden_fields(self.context["request"].user, step.model)
        return {step.model.attname(name): change(step, name, name in hidden) for name in step.fields}


def change(step: Step, name: str, hidden: bool) -> dict[str, Any]:
    """Return the change of one field; without its values if the user can't see them."""
    before, after = step.values(name)
    values = {"changed": True} if hidden else {"before": before, "after": after}
    return values | ({"erased": True} if name in step.entry.erased else {})


class RecordEntrySerializer(EntrySerializer):
    """A version in the history of a record."""

    at = serializers.DateTimeField(source="entry.history_date")
    change_set = serializers.IntegerField(source="entry.change_set_id")
    source = serializers.ChoiceField(Source.choices, source="entry.change_set.source")  # type: ignore[assignment]
    user = Person(source="entry.change_set.username")
    token = Person(source="entry.change_set.token")


class ChangeSetEntrySerializer(EntrySerializer):
    """A change to a record within a change set."""

    kind = serializers.CharField(source="model._meta.model_name")
    id = serializers.IntegerField(source="entry.id")


class TallySerializer(serializers.Serializer):
    """The number of records of one type with the same action."""

    kind = serializers.CharField(source="model._meta.model_name")
    action = serializers.ChoiceField(Action.choices)
    count = serializers.IntegerField()


class ChangeSetSerializer(serializers.ModelSerializer):
    """The changes made by one request, import or command."""

    user = Person(source="username")
    token = Person()
    undone_by: Any = serializers.PrimaryKeyRelatedField(many=True, read_only=True)
    counts = serializers.SerializerMethodField()

    class Meta:
        model = ChangeSet
        fields = ["id", "at", "source", "user", "token", "note", "undoes", "undone_by", "counts"]

    @extend_schema_field(TallySerializer(many=True))
    def get_counts(self, change_set: ChangeSet) -> Any:
        return TallySerializer(self.context["tallies"][change_set.pk], many=True).data


class PageOfEntriesSerializer(serializers.Serializer):
    """A page of the entries of a change set."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ChangeSetEntrySerializer(many=True)


class ChangeSetDetailSerializer(ChangeSetSerializer):
    """A change set with its changes to each record."""

    entries = PageOfEntriesSerializer(read_only=True)

    class Meta(ChangeSetSerializer.Meta):
        fields = [*ChangeSetSerializer.Meta.fields, "entries"]
