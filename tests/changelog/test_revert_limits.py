"""A revert checks the permission before it locks anything, and loads only the entry that it reverts to."""

import pytest
from django.db import connection
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext

from heroes.models import Hero
from tests.factories import HeroFactory
from tests.people import browser, program

pytestmark = pytest.mark.django_db


@pytest.fixture
def hero():
    hero = HeroFactory(age=0)
    for age in range(1, 30):
        hero.age = age
        hero.save()
    return hero


@pytest.mark.parametrize("address", ["/heroes/{}/history/1/revert/", "/api/v1/heroes/{}/history/1/revert"])
def test_without_permission_nothing_is_locked(address, hero, reader):
    client = program(reader) if "api" in address else browser(reader)
    with CaptureQueriesContext(connection) as queries:
        response = client.post(address.format(hero.pk))
    assert response.status_code == 403
    statements = [query["sql"] for query in queries]
    assert {statement.split()[0] for statement in statements} == {"SELECT"}
    assert not any("FOR UPDATE" in statement for statement in statements)


def test_without_permission_there_is_no_page_to_revert(hero, reader):
    assert browser(reader).get(f"/heroes/{hero.pk}/history/1/revert/").status_code == 403


@pytest.mark.parametrize("address", ["/heroes/{}/history/1/revert/", "/api/v1/heroes/{}/history/1/revert"])
def test_later_versions_are_not_loaded(address, hero, editor):
    loaded = []
    client = program(editor) if "api" in address else browser(editor)

    def record(instance, **_kwargs):
        loaded.append(instance.version)

    post_init.connect(record, sender=Hero.history.model)
    try:
        response = client.post(address.format(hero.pk))
    finally:
        post_init.disconnect(record, sender=Hero.history.model)
    assert response.status_code in (200, 302)
    assert Hero.objects.get().age == 0
    assert set(loaded) <= {1, 31}, "the version to revert to, and the new one"


def test_a_secret_that_changed_and_changed_back_counts_as_changed(editor):
    """Otherwise the history would reveal that it has its former value."""
    hero = HeroFactory(secret_name="First")
    for secret in ("Second", "First"):
        hero.secret_name = secret
        hero.save()
    browser(editor).post(f"/heroes/{hero.pk}/history/1/revert/")
    assert Hero.history.filter(id=hero.pk).latest("version").blind_fields == ["secret_name"]
