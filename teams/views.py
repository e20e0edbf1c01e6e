from heroesite.records import views as records

from .filters import TeamFilterSet
from .forms import TeamForm
from .models import Team


class TeamPage(records.RecordPage):
    model = Team
    filterset_class = TeamFilterSet
    form_class = TeamForm


class TeamList(TeamPage, records.RecordList):
    pass


class TeamDetail(TeamPage, records.RecordDetail):
    pass


class TeamCreate(TeamPage, records.RecordCreate):
    pass


class TeamUpdate(TeamPage, records.RecordUpdate):
    pass


class TeamDelete(TeamPage, records.RecordDelete):
    pass


class TeamReveal(TeamPage, records.RecordReveal):
    pass
