"""Each committed transaction that writes entries has its changes sent, once and at the cost of one query."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django_tasks_db.models import DBTaskResult

from heroes.models import Hero
from heroesite.records.audit.change_sets import Source, atomic_change_set, new_change_set
from heroesite.webhooks.deliveries import deliver
from heroesite.webhooks.models import Webhook
from tests.factories import HeroFactory

from .subscriptions import subscribe

# On PostgreSQL the feed lists a change only after its transaction, so these tests commit.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]


def jobs():
    return DBTaskResult.objects.filter(task_path=deliver.module_path)


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
    subscribe(admin, receiver.url)
    with atomic_change_set():
        with pytest.raises(ZeroDivisionError):
            write_and_roll_back()
        HeroFactory()
    assert jobs().count() == 1


def test_a_transaction_that_is_rolled_back_schedules_nothing_and_the_next_one_does(receiver, admin):
    subscribe(admin, receiver.url)
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


@pytest.mark.parametrize("writes", [1, 5])
def test_a_transaction_costs_one_query_if_there_are_no_webhooks(writes):
    with CaptureQueriesContext(connection) as queries, atomic_change_set():
        for _write in range(writes):
            HeroFactory()
    assert len(webhook_queries(queries)) == 1


@pytest.mark.parametrize("webhooks", [1, 5])
def test_a_transaction_costs_three_queries_whatever_the_number_of_webhooks(webhooks, receiver, admin):
    for _webhook in range(webhooks):
        subscribe(admin, receiver.url)
    with CaptureQueriesContext(connection) as queries:
        HeroFactory()
    assert len(webhook_queries(queries)) == 3
    assert jobs().count() == webhooks
