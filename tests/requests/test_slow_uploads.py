"""A slow upload holds no lock: the body is read before the transaction begins."""

from io import BytesIO

import pytest
from django.db import connection

from heroesite.records.audit.change_sets import ChangeSet
from teams.models import Team
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
        ("POST", "/api/v1/changesets/{change_set}/undo", b"{}", JSON, 200),
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
    url = address.format(hero.pk, change_set=ChangeSet.objects.get().pk)
    response = client.generic(method, url, b"", content_type, CONTENT_TYPE=content_type, **upload)
    assert response.status_code == status


class BrokenUpload(BytesIO):
    def read(self, *args):
        raise OSError("connection reset")


@pytest.mark.parametrize(
    ("address", "content_type"),
    [("/api/v1/heroes/", JSON), ("/heroes/new/", FORM), ("/account/login/", FORM)],
)
def test_a_broken_upload_is_reported_as_an_error(address, content_type, administrator):
    upload = {"wsgi.input": BrokenUpload(), "CONTENT_LENGTH": "9", "CONTENT_TYPE": content_type}
    response = browser(administrator).generic("POST", address, b"", content_type, **upload)
    assert response.status_code == 400
    assert "The request body is incomplete. Send the request again." in response.content.decode()


@pytest.mark.parametrize(
    ("address", "content_type", "body"),
    [
        ("/api/v1/teams/", JSON, b'{"name": "Night Watch", "headquarters": "Owl House"}'),
        ("/teams/new/", FORM, b"name=Night+Watch&headquarters=Owl"),
        ("/admin/teams/team/add/", FORM, b"name=Night+Watch&headquarters=Owl"),
    ],
)
def test_nothing_is_saved_if_the_client_closes_the_connection_too_early(
    address, content_type, body, administrator
):
    client = program(administrator) if "api" in address else browser(administrator)
    upload = {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body) + 6)}
    response = client.generic("POST", address, b"", content_type, CONTENT_TYPE=content_type, **upload)
    assert response.status_code == 400
    assert "The request body is incomplete. Send the request again." in response.content.decode()
    assert not Team.objects.exists()
