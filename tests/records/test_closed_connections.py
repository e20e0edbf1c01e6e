"""If PostgreSQL has closed a connection between two requests, the next request opens another one."""

import pytest
from django.db import close_old_connections, connection, connections, transaction

from heroesite.api.models import ApiToken
from tests.factories import HeroFactory
from tests.people import browser, person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]


def close_at_server():
    """Close this thread's connection as a server does that restarts."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pid = cursor.fetchone()
        other = connections.create_connection("default")
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 60000)", pid)
        other.close()


@pytest.mark.parametrize("path", ["/heroes/1/", "/api/v1/heroes/1", "/heroes/", "/api/v1/heroes/", "/"])
@pytest.mark.parametrize("caller", ["visitor", "editor", "token"])
def test_the_first_query_of_a_request_opens_another_connection(caller, path):
    HeroFactory(pk=1)
    user = person("Rose", "Editors")
    client = browser() if caller == "visitor" else browser(user)
    headers = {"Authorization": f"Bearer {ApiToken.objects.issue(user)[1]}"} if caller == "token" else {}
    for _time in range(4):
        close_at_server()
        close_old_connections()
        assert client.get(path, headers=headers).status_code == 200


def test_a_connection_can_be_closed_while_something_refers_to_a_former_cursor():
    former = connection.cursor()
    for _time in range(2):
        connection.close()
        connection.close()
        connection.ensure_connection()
    with transaction.atomic():
        connection.close()
        connection.close()
        transaction.set_rollback(True)
    assert former
