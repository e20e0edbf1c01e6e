"""Every record type is filtered, sorted and paged alike at pages and API."""

import pytest

from heroesite.records.models.fields import LineField, RecordForeignKey
from tests.people import browser

from .values import create

pytestmark = pytest.mark.django_db


def ids_at_api(record_type, **query):
    response = browser().get(f"/api/v1/{record_type.prefix}/", query)
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


def ids_at_page(record_type, **query):
    response = browser().get(f"/{record_type.prefix}/", query)
    assert response.status_code == 200
    return [record.pk for record in response.context["page"].records]


def find(record_type, **query):
    """Return the ids that a query finds, which page and API agree about."""
    found = ids_at_api(record_type, **query)
    assert ids_at_page(record_type, **query) == found
    return found


def test_a_field_finds_the_records_with_its_value(column):
    record_type, name = column
    records = [create(record_type.model) for _number in range(3)]
    field = record_type.model._meta.get_field(name)
    value = getattr(records[1], name)
    if isinstance(field, RecordForeignKey):
        assert find(record_type, **{name: value.pk}) == [records[1].pk]
        assert find(record_type, **{f"{name}__name": value.name.upper()}) == [records[1].pk]
    elif isinstance(field, LineField):
        assert find(record_type, **{name: value.upper()}) == [records[1].pk]
        assert find(record_type, **{f"{name}__icontains": value[1:].upper()}) == [records[1].pk]
        assert len(find(record_type, **{f"{name}__istartswith": value[:3]})) == 3
    else:
        text = value.isoformat() if hasattr(value, "isoformat") else value
        assert records[1].pk in find(record_type, **{f"{name}__gte": text, f"{name}__lte": text})


def test_an_empty_field_finds_the_records_without_a_value(optional_field):
    record_type, field = optional_field
    name = field.name
    full, empty = create(record_type.model), create(record_type.model, **{name: None})
    assert find(record_type, **{f"{name}__isnull": "true"}) == [empty.pk]
    assert find(record_type, **{f"{name}__isnull": "false"}) == [full.pk]
    if isinstance(field, RecordForeignKey):
        assert find(record_type, **{name: "null"}) == [empty.pk]


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_column_sorts_and_missing_values_come_last(sign, column):
    record_type, name = column
    model = record_type.model
    records = [create(model) for _number in range(3)]
    nullable = model._meta.get_field(name).null
    last = [create(model, **{name: None}).pk] if nullable else []
    if isinstance(model._meta.get_field(name), RecordForeignKey):
        records.sort(key=lambda record: getattr(record, name).name_key)
    elif isinstance(model._meta.get_field(name), LineField):
        records.sort(key=lambda record: getattr(record, f"{name}_key"))
    else:
        records.sort(key=lambda record: (getattr(record, name), record.pk))
    order = [record.pk for record in (reversed(records) if sign else records)]
    assert find(record_type, ordering=f"{sign}{name}") == [*order, *last]


def test_a_list_is_paged_by_offset_and_by_cursor_alike(record_type):
    records = [create(record_type.model).pk for _number in range(5)]
    by_offset = [pk for offset in (0, 2, 4) for pk in ids_at_api(record_type, limit=2, offset=offset)]
    by_cursor, address = [], f"/api/v1/{record_type.prefix}/?limit=2&cursor=*"
    while address:
        page = browser().get(address).json()
        by_cursor += [row["id"] for row in page["results"]]
        address = page["next"]
    assert sorted(by_offset) == sorted(records)
    assert by_cursor == by_offset


def test_a_search_finds_part_of_a_name(record_type):
    record, _other = create(record_type.model, name="Éclair Blanc"), create(record_type.model)
    assert find(record_type, search="blanc éCLAIR") == [record.pk]
    assert record.name in browser().get("/search/", {"search": "éCLAIR"}).content.decode()


def test_a_restricted_field_cannot_be_filtered_or_sorted_by(record_type, keeper_program):
    for name in record_type.model.RESTRICTED:
        for query in (
            {name: "x"},
            {f"{name}__icontains": "x"},
            {"ordering": name},
            {f"{name}__isnull": "true"},
        ):
            response = keeper_program.get(f"/api/v1/{record_type.prefix}/", query)
            assert response.status_code == 400


def test_the_navigation_links_to_the_list_and_the_index_to_its_endpoint(record_type):
    assert f'href="/{record_type.prefix}/"' in browser().get("/").content.decode()
    assert record_type.prefix in browser().get("/api/v1/").json()
