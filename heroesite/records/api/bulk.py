"""Many records in one request, all or none of them."""

from collections import defaultdict
from collections.abc import Mapping
from itertools import islice
from typing import Any, cast

from django.conf import settings

from heroesite.api.problems import InvalidItems, ItemError
from heroesite.ids import is_id_number
from heroesite.records.api.serializers import MAX_ERRORS, RecordSerializer, details
from heroesite.records.models.base import Record
from heroesite.records.models.querysets import RecordQuerySet, batched
from heroesite.records.permissions import blind_writes
from heroesite.text import printable
from heroesite.validators import NOT_A_WHOLE_NUMBER

MOST = 1000
"""Items in one request."""
GUARDS = {"id", "version"}
"""What says which record an item is about, and as it was seen when."""
Item = Mapping[str, Any]


class Bulk:
    """The items of a request, read and judged one by one and then together.

    Args:
        serializer: reads a record of the kind.
        items: what was sent.

    Raises:
        InvalidItems: it is no list of 1 to 1,000 objects.
    """

    def __init__(self, serializer: RecordSerializer, items: Any) -> None:
        if not isinstance(items, list) or not 1 <= len(items) <= MOST:
            raise InvalidItems([ItemError("", f"Send a list of 1 to {MOST:,} objects.", "not_a_list")])
        self.serializer, self.kind = serializer, cast(Any, serializer.Meta.model)
        self.faults: list[ItemError] = []
        self.known: set[tuple[int, str]] = set()
        """Indices and fields that have a fault by themselves."""
        self.items: dict[int, Item] = {}
        """Those that can be read, under their index."""
        for index, item in enumerate(items):
            if isinstance(item, Mapping):
                self.items[index] = item
            else:
                self.refuse(index, "", "Send a JSON object.", "not_an_object")

    def refuse(self, index: int, member: str, message: str, code: str | None) -> None:
        self.faults.append(ItemError(f"/{index}/{member}" if member else f"/{index}", message, code))

    def end_if_refused(self) -> None:
        """
        Raises:
            InvalidItems: there are faults; all of them, in the order of the items.
        """
        if self.faults:
            self.faults.sort(key=lambda fault: int(fault.pointer.split("/")[1]))
            raise InvalidItems(self.faults, stale=all(fault.code == "stale" for fault in self.faults))

    def create(self) -> list[Record]:
        records: dict[int, Record] = {index: self.kind() for index in self.items}
        for index, record in records.items():
            self.fill(index, record, self.items[index], partial=False)
        created = self.judged(records)
        self.kind.objects.create_all(created)
        return created

    def change(self) -> list[Record]:
        records = self.locked()
        alike: defaultdict[tuple[frozenset[str], frozenset[str]], list[Record]] = defaultdict(list)
        for index, record in records.items():
            before = record.field_values()
            members = {name: value for name, value in self.items[index].items() if name not in GUARDS}
            sent = self.fill(index, record, members, partial=True)
            blind = frozenset(blind_writes(self.serializer.context["request"].user, record, sent))
            names = {record.attname(name): name for name in record.FIELDS}
            differing = {names[at] for at, value in record.field_values().items() if value != before[at]}
            if written := differing | blind:
                alike[frozenset(written), blind].append(record)
        changed = self.judged(records)
        for (fields, blind), some in alike.items():
            self.kind.objects.change_all(some, fields, sent=blind)
        return changed

    def delete(self) -> None:
        records = self.locked()
        for index, item in self.items.items():
            for name in islice((name for name in item if name not in GUARDS), MAX_ERRORS):
                words = "There is no such member; there are: id, version."
                self.refuse(index, escaped(name), words, "unknown")
        self.end_if_refused()
        self.kind.objects.filter(pk__in=[record.pk for record in records.values()]).delete()

    def locked(self) -> dict[int, Record]:
        """The records that the items name by ``id``, as they are at the ``version`` that an item names."""
        keys = {index: item.get("id") for index, item in self.items.items()}
        known = sorted(cast(set[int], {key for key in keys.values() if is_id_number(key)}))
        stored: dict[int, Record] = {}
        for some in batched(known, RecordQuerySet.batch_size):
            stored |= {record.pk: record for record in self.kind.objects.filter(pk__in=some).locked()}
        found: dict[int, Record] = {}
        seen: set[int] = set()
        for index, key in keys.items():
            if not is_id_number(key):
                self.refuse(index, "id", "Enter the id of a record, a whole number.", "invalid")
            elif key not in stored:
                self.refuse(index, "id", f"There is no {self.kind._meta.verbose_name} {key}.", "not_found")
            elif key in seen:
                self.refuse(index, "id", "Name each record once.", "repeated")
            else:
                seen.add(key)
                found[index] = stored[key]
                self.check_version(index, self.items[index], stored[key].version)
        return found

    def check_version(self, index: int, item: Item, version: int) -> None:
        if "version" not in item:
            if settings.REQUIRE_IF_MATCH:
                words = "Send the version of the record as you read it, so that nobody loses work."
                self.refuse(index, "version", words, "precondition_required")
        elif not is_id_number(item["version"]):
            self.refuse(index, "version", str(NOT_A_WHOLE_NUMBER), "invalid")
        elif item["version"] != version:
            words = f"The record has been changed since: it is at version {version}."
            self.refuse(index, "version", words, "stale")

    def fill(self, index: int, record: Record, item: Item, *, partial: bool) -> set[str]:
        """Read an item onto its record, and judge it as far as it goes by itself.

        Returns:
            the fields that were sent.
        """
        values, errors = self.serializer.fill(record, item, partial=partial)
        self.serializer.judge(record, errors, exclude=record.link_names(), validate_unique=False)
        self.known |= {(index, name) for name in record.FIELDS if record.attname(name) in errors}
        for member, faults in errors.items():
            for fault in faults:
                self.refuse(index, "" if member == "non_field_errors" else escaped(member), fault, fault.code)
        return set(values)

    def judged(self, records: Mapping[int, Record]) -> list[Record]:
        """The records, once nothing speaks against any of them: that names are taken, or that links lead
        nowhere, is asked of the database for all at once."""
        for index, name, fault in self.kind.objects.find_errors(records, self.known):
            for detail in details([fault]):
                self.refuse(index, self.kind.attname(name), detail, detail.code)
        self.end_if_refused()
        return list(records.values())


def escaped(member: str) -> str:
    """A member's name in a JSON pointer (RFC 6901)."""
    return printable(member).replace("~", "~0").replace("/", "~1")
