from heroesite.records.filters.filtersets import RecordFilterSet

from .models import Hero


class HeroFilterSet(RecordFilterSet):
    ON_PAGE = ("search", "team", "team__isnull", "age__gte", "age__lte")

    class Meta:
        model = Hero
