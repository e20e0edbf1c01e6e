"""Permissions of each role for every record type, and queries per response."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.people import browser, program

from .values import as_form, as_json, create, new_values

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("who", ["visitor", "reader"])
def test_users_without_permission_can_read_but_not_write(who, record_type, request):
    user = None if who == "visitor" else request.getfixturevalue(who)
    record, prefix = create(record_type.model), record_type.prefix
    pages, api = browser(user), program(user)
    assert pages.get(f"/{prefix}/{record.pk}/").status_code == 200
    assert api.get(f"/api/v1/{prefix}/{record.pk}").status_code == 200
    body = as_json(new_values(record_type.model))
    status = {401} if user is None else {403}
    assert {
        api.post(f"/api/v1/{prefix}/", body).status_code,
        api.patch(f"/api/v1/{prefix}/{record.pk}", body).status_code,
        api.delete(f"/api/v1/{prefix}/{record.pk}").status_code,
        api.post(f"/api/v1/{prefix}/bulk", [body]).status_code,
    } == status
    form = as_form(new_values(record_type.model))
    for address in ("new/", f"{record.pk}/edit/", f"{record.pk}/delete/"):
        assert pages.post(f"/{prefix}/{address}", form).status_code in (302, 403)
    assert [*record_type.model.objects.values_list("pk", "version")] == [(record.pk, 1)]


def test_a_restricted_value_is_shown_to_keepers_only(record_type, editor, keeper):
    model = record_type.model
    record = create(model)
    for name in model.RESTRICTED:
        secret = getattr(record, name)
        for user in (None, editor):
            for start in ("", "/api/v1"):
                address = f"{start}/{record_type.prefix}/{record.pk}"
                assert secret not in program(user).get(address, follow=True).content.decode()
        assert program(keeper).get(f"/api/v1/{record_type.prefix}/{record.pk}").json()[name] == secret


@pytest.mark.parametrize(
    ("who", "interface"),
    [(who, interface) for who in ("visitor", "editor", "keeper") for interface in ("page", "api")]
    + [("editor", "admin"), ("keeper", "admin")],
)
def test_the_queries_of_a_list_do_not_depend_on_its_length(interface, who, record_type, request):
    user = None if who == "visitor" else request.getfixturevalue(who)
    client = program(user) if interface == "api" else browser(user)
    address = {
        "page": f"/{record_type.prefix}/",
        "admin": f"/admin/{record_type.prefix}/{record_type.basename}/",
        "api": f"/api/v1/{record_type.prefix}/",
    }[interface]

    def queries():
        assert client.get(address).status_code == 200
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    create(record_type.model)
    few = queries()
    for _number in range(20):
        create(record_type.model)
    assert queries() == few
