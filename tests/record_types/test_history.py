"""Every change to every record type is in its history and can be undone."""

import pytest

from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.audit.entries import Action
from tests.people import browser

from .values import as_json, create, new_values

pytestmark = pytest.mark.django_db


def test_each_change_is_in_the_history_of_the_record(record_type, editor_program):
    values, prefix = as_json(new_values(record_type.model)), record_type.prefix
    pk = editor_program.post(f"/api/v1/{prefix}/", values).json()["id"]
    editor_program.patch(f"/api/v1/{prefix}/{pk}", {"name": "Renamed"})
    editor_program.delete(f"/api/v1/{prefix}/{pk}")
    entries = editor_program.get(f"/api/v1/{prefix}/{pk}/history").json()["results"]
    assert [entry["action"] for entry in entries] == [Action.DELETED, Action.CHANGED, Action.CREATED]
    assert entries[1]["changes"]["name"] == {"before": values["name"], "after": "Renamed"}
    assert "Renamed" in browser().get(f"/{prefix}/{pk}/history/").content.decode()


@pytest.mark.parametrize("action", ["create", "change", "delete"])
def test_a_change_is_undone(action, record_type, editor_program):
    model, prefix = record_type.model, record_type.prefix
    before = None
    if action == "create":
        body = as_json(new_values(model))
        pk = editor_program.post(f"/api/v1/{prefix}/", body).json()["id"]
    else:
        record = create(model)
        pk, before = record.pk, record.field_values()
        if action == "change":
            editor_program.patch(f"/api/v1/{prefix}/{pk}", as_json(new_values(model)))
        else:
            editor_program.delete(f"/api/v1/{prefix}/{pk}")
    change_set = ChangeSet.objects.first()
    assert editor_program.post(f"/api/v1/changesets/{change_set.pk}/undo").status_code == 200
    found = model.objects.filter(pk=pk).first()
    assert (found and found.field_values()) == before


def test_a_record_is_reverted_to_an_earlier_version(record_type, editor_program):
    record = create(record_type.model)
    before, address = record.field_values(), f"/api/v1/{record_type.prefix}/{record.pk}"
    editor_program.patch(address, as_json(new_values(record_type.model)))
    assert editor_program.post(f"{address}/history/1/revert").status_code == 200
    record.refresh_from_db()
    assert record.field_values() == before


def test_saving_some_fields_records_only_those(record_type):
    model = record_type.model
    for name in model.FIELDS:
        record = create(model)
        stored, others = record.field_values(), new_values(model)
        for other, value in others.items():
            setattr(record, other, value)
        record.save(update_fields=[name])
        entry = model.history.filter(id=record.pk).first()
        row = model.objects.get(pk=record.pk).field_values()
        attname = model.attname(name)
        assert row == stored | {attname: getattr(record, attname)}
        assert {other: getattr(entry, other) for other in row} == row


def test_a_write_that_changes_nothing_creates_no_version(record_type, keeper_program):
    values = as_json(new_values(record_type.model))
    row = keeper_program.post(f"/api/v1/{record_type.prefix}/", values).json()
    keeper_program.patch(f"/api/v1/{record_type.prefix}/{row['id']}", values)
    assert record_type.model.objects.get(pk=row["id"]).version == 1
