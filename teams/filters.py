from heroesite.records.filters.filtersets import RecordFilterSet

from .models import Team


class TeamFilterSet(RecordFilterSet):
    ON_PAGE = ("search", "headquarters__icontains")

    class Meta:
        model = Team
