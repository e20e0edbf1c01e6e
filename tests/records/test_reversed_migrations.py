"""The migrations that add the search key can be reversed and run again."""

import pytest
from django.core.management import call_command

from heroes.models import Hero
from tests.factories import HeroFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]


def test_a_search_finds_names_after_its_migrations_were_reversed_and_run_again():
    HeroFactory(name="Spider-Man")
    try:
        for app, migration in [("heroes", "0011"), ("teams", "0008")]:
            call_command("migrate", app, migration, verbosity=0)
    finally:
        call_command("migrate", verbosity=0)
    assert Hero.objects.search(["spiderman"]).count() == 1
