from heroesite.changelog.urls import history_urls
from heroesite.records.urls import record_urls

from .filters import TeamFilterSet
from .forms import TeamForm
from .models import Team

app_name = "teams"
urlpatterns = [*history_urls(Team), *record_urls(Team, TeamFilterSet, TeamForm)]
