"""Every record type has the same features: members, dry runs, conditions, keys, points in time, views."""

import pytest

from heroesite.records.models import SavedView
from tests.people import browser, program

from .values import as_form, as_json, create, new_values

pytestmark = pytest.mark.django_db


def list_url(record_type):
    return f"/api/v1/{record_type.prefix}/"


def url_of(record_type, record):
    return f"/api/v1/{record_type.prefix}/{record.pk}"


def changed_name(record):
    record.name = f"{record.name} changed"
    record.save()
    return record


def test_a_member_is_selected_or_omitted(column):
    record_type, name = column
    record = create(record_type.model)
    member = record_type.model.attname(name) if name in record_type.model.FIELDS else name
    for url in (url_of(record_type, record), list_url(record_type)):
        selected = program().get(f"{url}?fields={member}").json()
        omitted = program().get(f"{url}?omit={member}").json()
        for body, has in ((selected, True), (omitted, False)):
            row = body["results"][0] if "results" in body else body
            assert (member in row) == has
            assert has == (set(row) == {member})


def test_a_link_is_expanded_in_a_list(link):
    record_type, field = link
    record = create(record_type.model)
    [row] = program().get(f"{list_url(record_type)}?expand={field.name}").json()["results"]
    assert row[field.name]["id"] == getattr(record, field.attname)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_dry_run_reports_a_change_and_saves_nothing(method, record_type, editor_program):
    model = record_type.model
    record, values = create(model), as_json(new_values(model))
    before = record.field_values()
    url = list_url(record_type) if method == "post" else url_of(record_type, record)
    body = {"name": "Dry"} if method == "patch" else None if method == "delete" else values
    headers = {"HTTP_IF_MATCH": '"1"'} if method == "put" else {}
    response = getattr(editor_program, method)(f"{url}?dry_run=true", body, **headers)
    assert (response.status_code, response.json()["change_count"]) == (200, 1)
    [stored] = model.objects.all()
    assert (stored.field_values(), stored.version) == (before, 1)


def test_a_stale_version_is_rejected_and_changes_nothing(record_type, editor_program, editor_browser):
    model = record_type.model
    record = changed_name(create(model))
    url = url_of(record_type, record)
    assert editor_program.patch(url, {"name": "Stale"}, HTTP_IF_MATCH='"1"').status_code == 412
    assert editor_program.patch(url, {"name": "Stale", "version": 1}).status_code == 409
    bulk = f"{list_url(record_type)}bulk/"
    assert editor_program.patch(bulk, [{"id": record.pk, "version": 1, "name": "Stale"}]).status_code == 409
    form = as_form(new_values(model) | {"name": "Stale"}) | {"seen_version": "1"}
    assert editor_browser.post(f"/{record_type.prefix}/{record.pk}/edit/", form).status_code == 409
    assert model.objects.get(pk=record.pk).name == record.name


def test_a_key_repeats_the_response_and_not_the_write(record_type, editor_program):
    body = as_json(new_values(record_type.model))
    responses = [
        editor_program.post(list_url(record_type), body, HTTP_IDEMPOTENCY_KEY="key") for _attempt in range(2)
    ]
    assert [response.status_code for response in responses] == [201, 201]
    assert responses[0].json() == responses[1].json()
    assert record_type.model.objects.count() == 1


def test_an_unchanged_record_is_not_sent_again(record_type):
    record = create(record_type.model)
    url = url_of(record_type, record)
    tag = program().get(url)["ETag"]
    assert program().get(url, HTTP_IF_NONE_MATCH=tag).status_code == 304
    changed_name(record)
    assert program().get(url, HTTP_IF_NONE_MATCH=tag).status_code == 200


def test_a_record_is_shown_at_an_earlier_time(record_type):
    record = create(record_type.model)
    name, then = record.name, record.history.latest("version").history_date.isoformat()
    changed_name(record)
    response = program().get(url_of(record_type, record), {"as_of": then})
    assert (response.status_code, response.json()["name"]) == (200, name)
    page = browser().get(f"/{record_type.prefix}/{record.pk}/", {"as_of": then})
    assert page.status_code == 200
    assert name in page.content.decode()


@pytest.mark.parametrize("method", ["post", "patch", "delete"])
def test_a_bulk_request_requires_permission(method, record_type, reader):
    record = create(record_type.model)
    items = {
        "post": [as_json(new_values(record_type.model))],
        "patch": [{"id": record.pk, "name": "New"}],
        "delete": [{"id": record.pk}],
    }
    for client, status in ((program(), 401), (program(reader), 403)):
        response = getattr(client, method)(f"{list_url(record_type)}bulk/", items[method])
        assert response.status_code == status
    [stored] = record_type.model.objects.all()
    assert stored.version == 1


def test_a_bulk_request_with_an_invalid_item_changes_nothing(field, editor_program):
    record_type, model_field = field
    valid = as_json(new_values(record_type.model))
    invalid = as_json(new_values(record_type.model)) | {model_field.attname: []}
    response = editor_program.post(f"{list_url(record_type)}bulk/", [valid, invalid])
    assert response.status_code == 422
    assert {error["pointer"] for error in response.json()["errors"]} == {f"/1/{model_field.attname}"}
    assert not record_type.model.objects.exists()


def test_a_list_is_saved_as_a_view_and_opened_by_its_link(record_type, editor_browser):
    views, query = f"/{record_type.prefix}/views/", "ordering=-name&search=x"
    assert editor_browser.post(views, {"name": "Mine", "query": query}).status_code == 302
    response = browser().get(f"{views}{SavedView.objects.get().key}/")
    assert (response.status_code, response["Location"]) == (302, f"/{record_type.prefix}/?{query}")
