"""A running site survives a migration that changes the type of a column in prepared statements."""

from threading import Thread

import pytest
from django.db import connection, connections

from tests.factories import HeroFactory
from tests.people import browser, program

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]
COLUMNS = {"auth_user": ("first_name", 150), "heroes_hero": ("name", 100)}


def set_lengths(more):
    """Change the types of the columns in another connection, as a migration does."""

    def alter():
        with connection.cursor() as cursor:
            for table, (column, length) in COLUMNS.items():
                cursor.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE varchar({length + more})")
        connections.close_all()

    if connection.vendor == "postgresql":
        thread = Thread(target=alter)
        thread.start()
        thread.join()


def test_every_interface_works_after_the_change(administrator):
    heroes = [HeroFactory() for _number in range(2)]
    address = f"/api/v1/heroes/{heroes[0].pk}"
    clients = [program(administrator), browser(), browser(administrator)]

    def check(age):
        for client in clients:
            for path in (address, "/api/v1/heroes/?limit=1", f"/heroes/{heroes[0].pk}/"):
                assert client.get(path).status_code == 200, path
        assert clients[0].patch(address, {"age": age, "name": f"Owl {age}"}).status_code == 200

    for age in range(4):  # the statements are prepared, and plans are compiled
        check(age)
    set_lengths(10)
    try:
        check(5)
        check(6)
    finally:
        set_lengths(0)
