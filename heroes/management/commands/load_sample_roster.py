"""Fills an empty register with the sample roster."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from heroes.models import Hero
from heroesite.records.audit.change_sets import Source, atomic_change_set, new_change_set
from heroesite.text import fold
from teams.models import Team

ROSTER = Path(__file__).resolve().parents[2] / "sample_roster.json"


class Command(BaseCommand):
    help = "Load the sample roster: well-known teams and heroes. Those that already exist aren't changed."

    def handle(self, *args: Any, **options: Any) -> None:
        with new_change_set(Source.COMMAND, note="load_sample_roster"), atomic_change_set():
            self.load()

    def load(self) -> None:
        roster = json.loads(ROSTER.read_text(encoding="utf-8"))
        for team in roster["teams"]:
            if not Team.objects.named([team["name"]]).exists():
                self.create(Team(**team))
        found = Team.objects.named(team["name"] for team in roster["teams"])
        teams = {team.name_key: team for team in found}
        for hero in roster["heroes"]:
            if not Hero.objects.named([hero["name"]]).exists():
                self.create(Hero(**{**hero, "team": teams.get(fold(hero["team"] or ""))}))

    def create(self, record: Hero | Team) -> None:
        record.full_clean()
        record.save()
