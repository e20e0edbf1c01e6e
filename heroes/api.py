from heroesite.records.api.serializers import RecordSerializer
from heroesite.records.api.viewsets import RecordViewSet
from teams.api import TeamRowSerializer

from .filters import HeroFilterSet
from .models import Hero


class HeroRowSerializer(RecordSerializer):
    class Meta:
        model = Hero


class HeroSerializer(HeroRowSerializer):
    team = TeamRowSerializer(read_only=True, allow_null=True)


class HeroViewSet(RecordViewSet):
    model = Hero
    filterset_class = HeroFilterSet
    serializer_class = HeroSerializer
    row_serializer_class = HeroRowSerializer
    example = {"name": "Lamplighter", "secret_name": "Edith Wren", "age": 41, "team_id": 1}
    nested_example = {
        "team": {
            "id": 1,
            "name": "Night Watch",
            "headquarters": "The Old Lighthouse, Harbour Road",
            "version": 1,
            "created_at": "2026-01-31T12:00:00Z",
            "updated_at": "2026-01-31T12:00:00Z",
        }
    }
