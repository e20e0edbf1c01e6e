"""Every record type is created, read, changed, deleted and restored alike at pages, admin and API."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from heroesite.records.models.fields import LineField
from tests.people import browser, program

from .values import as_form, as_json, create, new_value, new_values

pytestmark = pytest.mark.django_db


def stored(model):
    return {record.name: record.field_values() for record in model.objects.all()}


def expected(model, values):
    return {
        model.attname(name): getattr(value, "pk", value) if model.attname(name) != name else value
        for name, value in values.items()
    }


def test_a_record_is_created_alike_at_every_interface(record_type, administrator):
    model, prefix = record_type.model, record_type.prefix
    for number, interface in enumerate(("page", "admin", "api")):
        values = new_values(model) | {"name": f"Created {number}"}
        if interface == "page":
            response = browser(administrator).post(f"/{prefix}/new/", as_form(values))
            assert response.status_code == 302
        elif interface == "admin":
            address = f"/admin/{prefix}/{record_type.basename}/add/"
            assert browser(administrator).post(address, as_form(values)).status_code == 302
        else:
            response = program(administrator).post(f"/api/v1/{prefix}/", as_json(values))
            assert response.status_code == 201
            assert response["Location"].endswith(f"/api/v1/{prefix}/{response.json()['id']}")
        assert stored(model)[f"Created {number}"] == expected(model, values)


def test_a_record_is_read_at_every_interface(record_type, administrator):
    record, prefix = create(record_type.model), record_type.prefix
    page = browser().get(f"/{prefix}/{record.pk}/")
    admin = browser(administrator).get(f"/admin/{prefix}/{record_type.basename}/{record.pk}/change/")
    api = browser().get(f"/api/v1/{prefix}/{record.pk}")
    for response in (page, admin, api):
        assert response.status_code == 200
        assert record.name in response.content.decode()


def test_a_record_is_changed_alike_at_every_interface(record_type, administrator):
    model, prefix = record_type.model, record_type.prefix
    for interface in ("page", "admin", "api"):
        record, values = create(model), new_values(model)
        form = as_form(values) | {"seen_version": "1"}
        if interface == "page":
            response = browser(administrator).post(f"/{prefix}/{record.pk}/edit/", form)
        elif interface == "admin":
            address = f"/admin/{prefix}/{record_type.basename}/{record.pk}/change/"
            response = browser(administrator).post(address, form)
        else:
            response = program(administrator).put(f"/api/v1/{prefix}/{record.pk}", as_json(values))
        assert response.status_code in (200, 302)
        record.refresh_from_db()
        assert record.field_values() == expected(model, values)
        assert record.version == 2


def test_one_field_is_changed_and_the_others_are_not(field, editor_program):
    record_type, model_field = field
    record = create(record_type.model)
    before, value = record.field_values(), new_value(model_field)
    body = as_json({model_field.name: value})
    assert editor_program.patch(f"/api/v1/{record_type.prefix}/{record.pk}", body).status_code == 200
    record.refresh_from_db()
    assert record.field_values() == before | body


def test_an_optional_field_is_cleared_at_every_interface(optional_field, administrator):
    record_type, model_field = optional_field
    prefix, name = record_type.prefix, model_field.name
    for empty in ("form", "api"):
        values = new_values(record_type.model)
        record = create(record_type.model, **values)
        if empty == "form":
            form = as_form(values | {name: None}) | {"seen_version": "1"}
            response = browser(administrator).post(f"/{prefix}/{record.pk}/edit/", form)
            assert response.status_code == 302
        else:
            body = {model_field.attname: None}
            response = program(administrator).patch(f"/api/v1/{prefix}/{record.pk}", body)
            assert response.json()[model_field.attname] is None
        record.refresh_from_db()
        assert getattr(record, model_field.attname) is None


def test_a_record_is_deleted_and_restored(record_type, editor):
    record, prefix = create(record_type.model), record_type.prefix
    client = browser(editor)
    assert client.post(f"/{prefix}/{record.pk}/delete/").status_code == 302
    assert client.get(f"/{prefix}/{record.pk}/").status_code == 404
    assert browser().get(f"/api/v1/{prefix}/{record.pk}").status_code == 404
    assert record.name in client.get(f"/{prefix}/deleted/").content.decode()
    assert client.post(f"/{prefix}/{record.pk}/restore/").status_code == 302
    restored = record_type.model.objects.get(pk=record.pk)
    assert restored.field_values() == record.field_values()
    assert restored.version == 3


def test_many_records_are_created_changed_and_deleted_in_bulk(record_type, editor_program):
    model, address = record_type.model, f"/api/v1/{record_type.prefix}/bulk"
    items = [as_json(new_values(model)) for _number in range(3)]
    created = editor_program.post(address, items)
    assert created.status_code == 201
    ids = [row["id"] for row in created.json()["results"]]
    changes = [{"id": pk, "version": 1, "name": f"Renamed {pk}"} for pk in ids]
    assert editor_program.patch(address, changes).status_code == 200
    assert set(model.objects.values_list("name", flat=True)) == {f"Renamed {pk}" for pk in ids}
    assert editor_program.delete(address, [{"id": pk} for pk in ids]).status_code == 204
    assert not model.objects.exists()


def test_a_form_without_values_shows_each_error_and_creates_nothing(record_type, editor_browser):
    model = record_type.model
    required = [name for name in model.FIELDS if not model._meta.get_field(name).blank]
    response = editor_browser.post(f"/{record_type.prefix}/new/", {})
    assert response.status_code == 422
    assert sorted(response.context["form"].errors) == sorted(required)
    assert not model.objects.exists()


def test_checking_a_field_of_a_form_takes_no_lock(record_type, editor_browser):
    model = record_type.model
    record, form = create(model), as_form(new_values(model))
    for address in ("new", f"{record.pk}/edit"):
        with CaptureQueriesContext(connection) as queries:
            response = editor_browser.post(f"/{record_type.prefix}/{address}/?check=name", form)
        assert response.status_code == 200
        statements = [query["sql"] for query in queries]
        assert {statement.split()[0] for statement in statements} == {"SELECT"}
        assert not any("FOR UPDATE" in statement for statement in statements)


def test_an_existing_name_is_rejected_whatever_its_case(record_type, editor_program):
    record = create(record_type.model)
    values = new_values(record_type.model) | {"name": record.name.upper()}
    response = editor_program.post(f"/api/v1/{record_type.prefix}/", as_json(values))
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == ["/name"]


def test_an_optional_value_can_be_missing_and_missing_text_is_null(
    optional_field, editor_program, editor_browser
):
    record_type, field = optional_field
    model, prefix = record_type.model, record_type.prefix
    for missing in [None, ""] if isinstance(field, LineField) else [None]:
        body = as_json(new_values(model)) | {field.attname: missing}
        response = editor_program.post(f"/api/v1/{prefix}/", body)
        assert (response.status_code, response.json()[field.attname]) == (201, None)
    form = as_form(new_values(model) | {field.name: None})
    assert editor_browser.post(f"/{prefix}/new/", form).status_code == 302
    assert getattr(model.objects.latest("pk"), field.name) is None


@pytest.mark.parametrize("value", [True, 1.5, [], {}, "\0", "x" * 5_000])
def test_an_invalid_value_is_rejected_with_the_name_of_its_member(value, field, editor_program):
    record_type, model_field = field
    body = as_json(new_values(record_type.model)) | {model_field.attname: value}
    response = editor_program.post(f"/api/v1/{record_type.prefix}/", body)
    assert response.status_code == 422
    assert {error["pointer"] for error in response.json()["errors"]} == {f"/{model_field.attname}"}
    assert not record_type.model.objects.exists()
