from heroesite.records.registry import RecordType, register

from .admin import TeamAdmin
from .api import TeamSerializer
from .models import Team


@register(Team)
class TeamType(RecordType):
    list_filters = ("search", "headquarters__icontains")
    example = {"name": "Night Watch", "headquarters": "The Old Lighthouse, Harbour Road"}
    nested_example = {
        "heroes": [{"id": 1, "name": "Lamplighter", "age": 41}],
        "hero_count": 1,
        "more_heroes": None,
    }
    serializer_class = TeamSerializer
    admin_class = TeamAdmin
