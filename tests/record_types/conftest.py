"""Fixtures that are parametrized over record types, and over their fields."""

from heroesite.records.permissions import unrestricted_fields
from heroesite.records.registry import record_types


def fields(record_type):
    model = record_type.model
    return [(name, (record_type, model._meta.get_field(name))) for name in model.FIELDS]


FIXTURES = {
    "record_type": lambda each: [("", each)],
    "field": fields,
    "link": lambda each: [(name, value) for name, value in fields(each) if value[1].is_relation],
    "optional_field": lambda each: [(name, value) for name, value in fields(each) if value[1].null],
    "column": lambda each: [
        (name, (each, name)) for name in (*unrestricted_fields(each.model), "created_at", "updated_at")
    ],
}


def pytest_generate_tests(metafunc):
    for fixture, expand in FIXTURES.items():
        if fixture in metafunc.fixturenames:
            cases = [
                (f"{each.basename}-{name}" if name else each.basename, value)
                for each in record_types()
                for name, value in expand(each)
            ]
            metafunc.parametrize(fixture, [value for _id, value in cases], ids=[name for name, _ in cases])
