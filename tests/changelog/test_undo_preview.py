"""The preview of an undo needs permission to undo, takes no locks, and loads a limited number of records."""

from collections import Counter
from contextlib import contextmanager
from time import monotonic

import pytest
from django.db.models.signals import post_init

from heroes.models import Hero
from heroesite.records.audit.change_sets import ChangeSet, Source, atomic_change_set, new_change_set
from heroesite.records.models.base import record_models
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.markup import read
from tests.people import browser, person, program
from tests.threads import holding_locks

pytestmark = pytest.mark.django_db
RECORDS = 2_500


def last():
    return ChangeSet.objects.latest("pk")


@contextmanager
def counting_instances():
    """Count the records and entries that are loaded. Yields a counter with the key ``loaded``."""
    counts = Counter()

    def count(sender, **_signal):
        counts["loaded"] += 1

    models = [*record_models(), *(model.history.model for model in record_models())]
    for model in models:
        post_init.connect(count, sender=model)
    try:
        yield counts
    finally:
        for model in models:
            post_init.disconnect(count, sender=model)


@pytest.fixture
def deletion(db):
    """The change set of the deletion of a team with two members."""
    team = TeamFactory(name="Night Watch")
    HeroFactory(name="Lamplighter", team=team)
    HeroFactory(name="Owl", team=team)
    team.delete()
    return last()


@pytest.fixture
def large_import():
    """The change set of an import of a team and its many heroes."""
    with new_change_set(Source.IMPORT), atomic_change_set():
        team = TeamFactory(name="Night Watch")
        Hero.objects.create_all([HeroFactory.build(team=team) for _number in range(RECORDS)])
    return last()


# Permission ------------------------------------------------------------------------------


def test_without_permission_nothing_is_loaded(deletion, reader):
    clerk = person("clerk", staff=True)
    with counting_instances() as counts:
        assert browser(reader).get(f"/history/{deletion.pk}/undo/").status_code == 403
        assert browser(clerk).get(f"/admin/records/changeset/{deletion.pk}/undo/").status_code == 403
        assert program(reader).post(f"/api/v1/changesets/{deletion.pk}/undo/?dry_run=true").status_code == 403
    assert counts["loaded"] == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("restore_groups")
def test_without_permission_the_response_does_not_wait_for_locks(deletion, reader):
    page, api = browser(reader), program(reader)
    with holding_locks(Hero.objects.all()):
        assert page.get(f"/history/{deletion.pk}/undo/").status_code == 403
        assert page.post(f"/history/{deletion.pk}/undo/").status_code == 403
        assert api.post(f"/api/v1/changesets/{deletion.pk}/undo/?dry_run=true").status_code == 403
        assert api.post(f"/api/v1/changesets/{deletion.pk}/undo/").status_code == 403


@pytest.mark.parametrize(
    ("steps", "permission"),
    [
        (["create"], "delete"),
        (["create", "change"], "delete"),
        (["change"], "change"),
        (["change", "delete"], "add"),
        (["delete"], "add"),
        (["delete", "restore"], "change"),
        (["delete", "restore", "delete"], "add"),
        (["create", "delete", "restore"], "delete"),
    ],
)
def test_undo_needs_the_permission_for_the_opposite_action(steps, permission, db):
    hero = None if steps[0] == "create" else HeroFactory()
    pk = hero and hero.pk
    with new_change_set(Source.IMPORT), atomic_change_set():
        for number, step in enumerate(steps):
            if step == "create":
                pk = HeroFactory().pk
            elif step == "change":
                hero = Hero.objects.get(pk=pk)
                hero.age = number
                hero.save()
            elif step == "delete":
                Hero.objects.get(pk=pk).delete()
            else:
                Hero.from_deleted_entry(Hero.deletion_entry(pk)).save()
    address = f"/history/{last().pk}/undo/"
    clerk = person("clerk")
    permissions = clerk.user_permissions.model.objects
    clerk.user_permissions.set(
        permissions.filter(codename__endswith="_hero").exclude(codename=f"{permission}_hero")
    )
    assert browser(clerk).get(address).status_code == 403
    clerk.user_permissions.set(permissions.filter(codename=f"{permission}_hero"))
    assert browser(clerk).get(address).status_code == 200


# Locks -----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("restore_groups")
def test_a_preview_does_not_wait_for_a_write(deletion, owner):
    page = browser(owner)
    with holding_locks(Hero.objects.all()):
        for address in (f"/history/{deletion.pk}/undo/", f"/admin/records/changeset/{deletion.pk}/undo/"):
            assert "Night Watch" in read(page.get(address)).text


# Work ------------------------------------------------------------------------------------


def test_a_preview_of_many_records_loads_only_some(large_import, editor_browser):
    with counting_instances() as counts:
        response = editor_browser.get(f"/history/{large_import.pk}/undo/")
    assert response.status_code == 200
    assert counts["loaded"] < RECORDS
    page = read(response).one("main")
    assert "2,501" in page.text
    assert len(page.one("ul", class_="columns").all("li")) == 100
    assert "checked 1,001 of 2,501 records" in page.text
    assert Hero.objects.count() == RECORDS


def test_a_preview_of_many_records_lists_all_that_have_since_been_changed(large_import, editor_browser):
    hero = Hero.objects.latest("pk")
    hero.age = 7
    hero.save()
    hero = Hero.objects.earliest("pk")
    hero.delete()
    address = f"/history/{large_import.pk}/undo/"
    page = read(editor_browser.get(address)).one("main")
    assert "2,498" in page.text
    skipped = [row.text for row in page.all("ul", class_="plain")[-1].all("li")]
    assert sorted(row.partition(": ")[2] for row in skipped) == [
        "Another record links to it.",
        "Has since been changed.",
        "Has since been deleted.",
    ]
    page = read(editor_browser.get(f"{address}?anyway=yes")).one("main")
    assert "2,500" in page.text


def test_undo_does_what_a_preview_of_many_records_lists(large_import, editor_browser):
    address = f"/history/{large_import.pk}/undo/"
    assert "links to it" not in read(editor_browser.get(address)).text
    assert editor_browser.post(address).status_code == 302
    assert not Hero.objects.exists()
    assert not Team.objects.exists()
    undo = last()
    assert "2,501" in read(editor_browser.get(f"/history/{undo.pk}/undo/")).text


# Dry runs --------------------------------------------------------------------------------


def test_a_dry_run_of_many_records_is_refused_with_a_reason(large_import, editor_program):
    response = editor_program.post(f"/api/v1/changesets/{large_import.pk}/undo/?dry_run=true")
    assert (response.status_code, response["Content-Type"]) == (422, "application/problem+json")
    assert "at most 1,000 records; this change set has 2,501" in response.json()["detail"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("restore_groups")
def test_a_dry_run_gives_up_on_a_lock_after_a_second(deletion, owner):
    api = program(owner)
    address = f"/api/v1/changesets/{deletion.pk}/undo/?dry_run=true"
    with holding_locks(Hero.objects.all()):
        start = monotonic()
        response = api.post(address)
        assert monotonic() - start < 15, "a write would wait for longer"
    assert (response.status_code, response["Content-Type"]) == (503, "application/problem+json")
    assert response["Retry-After"]
    assert api.post(address).json()["done_count"] == 3
