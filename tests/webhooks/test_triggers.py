"""Each committed transaction that writes entries has its changes sent once, usually without a query."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from heroes.models import Hero
from heroesite.records.audit.change_sets import Source, atomic_change_set, new_change_set
from heroesite.webhooks import deliveries
from heroesite.webhooks.deliveries import deliver
from heroesite.webhooks.models import Webhook
from tests.factories import HeroFactory

from .subscriptions import deliver_all, subscribe

# On PostgreSQL the feed lists a change only after its transaction, so these tests commit.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]


def jobs():
    return DBTaskResult.objects.filter(task_path=deliver.module_path)


def subscribe_only(admin, url):
    """Add a webhook, without the job that its activation schedules."""
    webhook = subscribe(admin, url)
    jobs().delete()
    return webhook


def write_and_roll_back():
    with atomic_change_set():
        HeroFactory()
        raise ZeroDivisionError


def webhook_queries(queries):
    """The queries about webhooks and their jobs."""
    tables = (Webhook._meta.db_table, DBTaskResult._meta.db_table)
    return [query["sql"] for query in queries if any(table in query["sql"] for table in tables)]


def test_each_transaction_of_a_change_set_schedules_deliveries(receiver, admin):
    subscribe(admin, receiver.url)
    with new_change_set(Source.IMPORT):
        for _batch in range(3):
            jobs().delete()
            with atomic_change_set():
                Hero.objects.create_all(HeroFactory.build_batch(3))
            assert jobs().count() == 1


def test_a_savepoint_that_is_rolled_back_does_not_take_the_trigger_with_it(receiver, admin):
    subscribe_only(admin, receiver.url)
    with atomic_change_set():
        with pytest.raises(ZeroDivisionError):
            write_and_roll_back()
        HeroFactory()
    assert jobs().count() == 1


def test_a_transaction_that_is_rolled_back_schedules_nothing_and_the_next_one_does(receiver, admin):
    subscribe_only(admin, receiver.url)
    with pytest.raises(ZeroDivisionError):
        write_and_roll_back()
    assert not jobs().exists()
    HeroFactory()
    assert jobs().count() == 1


def test_a_transaction_without_entries_schedules_nothing(receiver, admin):
    subscribe(admin, receiver.url)
    hero = HeroFactory()
    jobs().delete()
    with transaction.atomic():
        hero.save()
    assert not jobs().exists()


@pytest.fixture
def long_known(monkeypatch):
    """What this process knows about webhooks doesn't expire during a test."""
    monkeypatch.setattr(deliveries, "REREAD_SECONDS", 1000)


@pytest.mark.parametrize("writes", [1, 5])
def test_only_the_first_transaction_looks_for_webhooks_if_there_are_none(writes, long_known):
    for expected in (1, 0):
        with CaptureQueriesContext(connection) as queries, atomic_change_set():
            for _write in range(writes):
                HeroFactory()
        assert len(webhook_queries(queries)) == expected


@pytest.mark.parametrize("webhooks", [1, 5])
def test_a_transaction_costs_two_queries_whatever_the_number_of_webhooks(
    webhooks, long_known, receiver, admin
):
    for _webhook in range(webhooks):
        subscribe_only(admin, receiver.url)
    for expected in (3, 2):
        jobs().delete()
        with CaptureQueriesContext(connection) as queries:
            HeroFactory()
        assert len(webhook_queries(queries)) == expected
        assert jobs().count() == webhooks


def test_a_change_soon_after_the_activation_of_a_webhook_is_sent_by_the_job_that_this_schedules(
    long_known, receiver, admin
):
    HeroFactory()  # now this process knows that there are no webhooks
    webhook = subscribe(admin, receiver.url)
    [job] = jobs()
    known_until = timezone.now() + timedelta(seconds=deliveries.REREAD_SECONDS)
    assert job.run_after >= known_until.replace(microsecond=0)
    HeroFactory(name="Wren")
    assert [job] == list(jobs())
    deliver_all(webhook)
    [(_headers, body)] = receiver.requests
    assert "Wren" in body


@pytest.mark.parametrize("active", [True, False])
def test_saving_a_webhook_schedules_a_job_if_it_is_active(active, receiver, admin):
    webhook = subscribe_only(admin, receiver.url)
    webhook.active = active
    webhook.save()
    assert jobs().exists() == active
