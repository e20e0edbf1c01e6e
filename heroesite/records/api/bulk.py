"""Bulk requests: create, update or delete many records, all or none of them."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, cast

from django.conf import settings

from heroesite.api.problems import (
    SEND_OBJECT,
    InvalidItems,
    ItemError,
    escape_member,
    unknown_id_message,
    unknown_member_message,
)
from heroesite.ids import is_id_number
from heroesite.records.api.errors import (
    MAX_ERRORS,
    changed_message,
    details,
)
from heroesite.records.api.serializers import RecordSerializer
from heroesite.records.models.base import Record
from heroesite.records.models.querysets import RecordQuerySet, batched
from heroesite.records.permissions import blind_writes
from heroesite.records.serializer_fields import integer_type_message, is_integer
from heroesite.text import printable
from heroesite.validators import REQUIRED

MAX_ITEMS = 1000
KEY_MEMBERS = {"id", "version"}
"""The members that say which record an item is about, and at which version it was read."""
Item = Mapping[str, Any]


class Bulk:
    """The items of a bulk request, validated one by one and then together.

    Args:
        serializer: reads a record of the model.
        items: the request body.

    Raises:
        InvalidItems: it isn't a list of 1 to 1,000 items; or, from every method, an item is invalid.
    """

    def __init__(self, serializer: RecordSerializer, items: Any) -> None:
        if not isinstance(items, list) or not 1 <= len(items) <= MAX_ITEMS:
            message = f"Send a JSON array of 1 to {MAX_ITEMS:,} objects."
            code = "invalid_length" if isinstance(items, list) else "invalid_type"
            raise InvalidItems([ItemError("", message, code)])
        self.serializer, self.model = serializer, cast(Any, serializer.Meta.model)
        self.errors: list[ItemError] = []
        self.invalid_fields: set[tuple[int, str]] = set()
        """Indices and fields with an error that was found without the database."""
        self.items: dict[int, Item] = {}
        """The objects among the items, by index."""
        for index, item in enumerate(items):
            if isinstance(item, Mapping):
                self.items[index] = item
            else:
                self.add_error(index, "", SEND_OBJECT, "invalid_type")

    def add_error(self, index: int, member: str, message: str, code: str | None) -> None:
        """Add an error. At the 50th, stop: the cost of a request doesn't grow with its errors."""
        path = f"/{index}/{escape_member(printable(member))}" if member else f"/{index}"
        self.errors.append(ItemError(path, message, code))
        if len(self.errors) == MAX_ERRORS:
            self.raise_errors()

    def raise_errors(self) -> None:
        """Raise InvalidItems, with the errors in the order of the items, if there are any."""
        if self.errors:
            self.errors.sort(key=lambda error: int(error.pointer.split("/")[1]))
            raise InvalidItems(self.errors, stale=all(error.code == "stale" for error in self.errors))

    def create(self) -> list[Record]:
        """Create the records, and return them in the order of the items."""
        records: dict[int, Record] = {index: self.model() for index in self.items}
        for index, record in records.items():
            self.set_values(index, record, self.items[index], partial=False)
        self.validate_together(records)
        created = list(records.values())
        self.model.objects.create_all(created)
        return created

    def update(self) -> list[Record]:
        """Update the records, and return them in the order of the items."""
        records = self.locked_records()
        groups: defaultdict[tuple[frozenset[str], frozenset[str]], list[Record]] = defaultdict(list)
        for index, record in records.items():
            before = record.field_values()
            members = {name: value for name, value in self.items[index].items() if name not in KEY_MEMBERS}
            sent = self.set_values(index, record, members, partial=True)
            blind = frozenset(blind_writes(self.serializer.context["request"].user, record, sent))
            names = {record.attname(name): name for name in record.FIELDS}
            differing = {names[at] for at, value in record.field_values().items() if value != before[at]}
            if changed := differing | blind:
                groups[frozenset(changed), blind].append(record)
        self.validate_together(records)
        for (fields, blind), group in groups.items():
            self.model.objects.change_all(group, fields, blind_fields=blind)
        return list(records.values())

    def delete(self) -> None:
        records = self.locked_records()
        for index, item in self.items.items():
            for name in item:
                if name not in KEY_MEMBERS:
                    self.add_error(index, name, unknown_member_message("id", "version"), "unknown_member")
        self.raise_errors()
        self.model.objects.filter(pk__in=[record.pk for record in records.values()]).delete()

    def locked_records(self) -> dict[int, Record]:
        """Lock the records of all items, check their versions, and return them by the index of the item."""
        sent: dict[int, Any] = {index: item.get("id") for index, item in self.items.items()}
        keys = {index: int(key) if is_integer(key) else key for index, key in sent.items()}
        valid: list[int] = sorted({key for key in keys.values() if is_id_number(key)})
        stored: dict[int, Record] = {}
        for some in batched(valid, RecordQuerySet.batch_size):
            stored |= {record.pk: record for record in self.model.objects.filter(pk__in=some).locked()}
        records: dict[int, Record] = {}
        seen: set[int] = set()
        for index, key in keys.items():
            if key is None:
                self.add_error(index, "id", str(REQUIRED), "required")
            elif not is_integer(key):
                self.add_error(index, "id", integer_type_message(key), "invalid_type")
            elif key not in stored:
                self.add_error(index, "id", unknown_id_message(self.model, key), "not_found")
            elif key in seen:
                self.add_error(index, "id", "Send each id only once.", "repeated")
            else:
                seen.add(key)
                records[index] = stored[key]
                self.check_version(index, self.items[index], stored[key].version)
        return records

    def check_version(self, index: int, item: Item, version: int) -> None:
        if "version" not in item:
            if settings.REQUIRE_IF_MATCH:
                message = "Send the version of the record, so that you don't overwrite anyone's changes."
                self.add_error(index, "version", message, "precondition_required")
        elif not is_integer(item["version"]):
            self.add_error(index, "version", integer_type_message(item["version"]), "invalid_type")
        elif item["version"] != version:
            self.add_error(index, "version", changed_message(version), "stale")

    def set_values(self, index: int, record: Record, item: Item, *, partial: bool) -> set[str]:
        """Set the values of an item on its record, and validate what needs no database.

        Returns:
            The fields that were sent.
        """
        values, errors = self.serializer.set_values(record, item, partial=partial)
        if len(errors) < MAX_ERRORS:
            self.serializer.validate_record(
                record, errors, exclude=record.link_names(), validate_unique=False
            )
        invalid = {name for name in record.FIELDS if record.attname(name) in errors}
        self.invalid_fields |= {(index, name) for name in invalid}
        for member, messages in errors.items():
            for message in messages:
                self.add_error(index, "" if member == "non_field_errors" else member, message, message.code)
        return set(values)

    def validate_together(self, records: Mapping[int, Record]) -> None:
        """Ask the database about all records at once: which names are taken, which links lead nowhere."""
        for index, name, error in self.model.objects.find_errors(records, self.invalid_fields):
            for detail in details([error]):
                self.add_error(index, self.model.attname(name), detail, detail.code)
        self.raise_errors()
