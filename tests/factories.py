"""Heroes and teams to test with."""

import factory

from heroes.models import Hero
from teams.models import Team


class TeamFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Team

    name = factory.Sequence(lambda n: f"Team {n}")
    headquarters = factory.Sequence(lambda n: f"{n} Harbour Road")


class HeroFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Hero

    name = factory.Sequence(lambda n: f"Hero {n}")
    secret_name = factory.Sequence(lambda n: f"Person {n}")
    # Ages that no test writes, so that writing one is always a change.
    age = factory.Sequence(lambda n: 300 + n % 60)
    team = None
