"""Heroes and teams as plain Django models, for the tables that the benchmark fills."""

from django.db import models


class Stamped(models.Model):
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class Team(Stamped):
    name = models.CharField(max_length=100, unique=True)
    headquarters = models.CharField(max_length=200)

    class Meta:
        managed = False
        db_table = "team"

    def __str__(self) -> str:
        return self.name


class Hero(Stamped):
    name = models.CharField(max_length=100, unique=True)
    secret_name = models.CharField(max_length=100)
    age = models.PositiveIntegerField(null=True, blank=True)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="heroes")

    class Meta:
        managed = False
        db_table = "hero"

    def __str__(self) -> str:
        return self.name


ORDERS = {"name": ["name"], "-age": [models.F("age").desc(nulls_last=True), "-id"]}
"""The orders that the benchmark requests. Missing ages come last, as in heroesite."""
