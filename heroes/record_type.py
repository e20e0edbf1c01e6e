from heroesite.records.registry import RecordType, register

from .models import Hero


@register(Hero)
class HeroType(RecordType):
    list_filters = ("search", "team", "age__gte", "age__lte")
    charts = ("team", "age")
    example = {"name": "Lamplighter", "secret_name": "Edith Wren", "age": 41, "team_id": 1}
