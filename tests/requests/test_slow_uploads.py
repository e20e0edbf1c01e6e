"""A slow upload holds no lock: the body is read before the transaction begins."""

from io import BytesIO

import pytest
from django.db import connection

from tests.factories import HeroFactory
from tests.people import browser, program

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


class Upload(BytesIO):
    """A body that can be read only outside of a transaction."""

    def read(self, *args):
        assert not connection.in_atomic_block
        return super().read(*args)


@pytest.mark.parametrize(
    ("method", "address", "body", "content_type", "status"),
    [
        ("POST", "/api/v1/heroes/", b'{"name": "Owl", "secret_name": "x"}', JSON, 201),
        ("PATCH", "/api/v1/heroes/{}", b'{"age": 7}', JSON, 200),
        ("POST", "/api/v1/heroes/bulk/", b'[{"name": "Owl", "secret_name": "x"}]', JSON, 201),
        ("POST", "/api/v1/heroes/?dry_run=true", b'{"name": "Owl", "secret_name": "x"}', JSON, 200),
        ("POST", "/api/v1/heroes/{}/history/1/revert", b"{}", JSON, 200),
        ("POST", "/heroes/new/", b"name=Owl&secret_name=x", FORM, 302),
        ("POST", "/heroes/{}/edit/", b"name=Owl&secret_name=x&seen_version=1", FORM, 302),
        ("POST", "/heroes/{}/delete/", b"x=y", FORM, 302),
        ("POST", "/admin/heroes/hero/add/", b"name=Owl&secret_name=x", FORM, 302),
    ],
)
def test_the_body_is_read_outside_of_a_transaction(
    method, address, body, content_type, status, administrator
):
    hero = HeroFactory(name="Crow")
    client = program(administrator) if "api" in address else browser(administrator)
    upload = {"wsgi.input": Upload(body), "CONTENT_LENGTH": str(len(body))}
    response = client.generic(
        method, address.format(hero.pk), b"", content_type, CONTENT_TYPE=content_type, **upload
    )
    assert response.status_code == status
