"""The JSON of a team, which includes its heroes."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from heroesite.records.api.serializers import RecordSerializer
from heroesite.records.filters.filtersets import LIMIT

from .models import Team


class TeamHeroSerializer(serializers.Serializer):
    """A summary of a hero of the team."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    age = serializers.IntegerField(allow_null=True)


class TeamSerializer(RecordSerializer):
    heroes = serializers.SerializerMethodField(help_text="The first 100, by name.")
    hero_count = serializers.SerializerMethodField()
    more_heroes = serializers.SerializerMethodField(
        help_text="A link to the list of heroes after the first 100. Null if there are no more."
    )

    @extend_schema_field(TeamHeroSerializer(many=True))
    def get_heroes(self, team: Team) -> object:
        return TeamHeroSerializer(team.heroes.all()[:LIMIT], many=True).data

    def get_hero_count(self, team: Team) -> int:
        return team.heroes.count()

    @extend_schema_field({"type": ["string", "null"], "format": "uri"})
    def get_more_heroes(self, team: Team) -> str | None:
        if not team.heroes.all()[LIMIT : LIMIT + 1].exists():
            return None
        return reverse(
            "api:hero-list", request=self.context["request"], query={"team": team.pk, "offset": LIMIT}
        )
