from heroesite.changelog.urls import history_urls
from heroesite.records.urls import record_urls

from .filters import HeroFilterSet
from .forms import HeroForm
from .models import Hero

app_name = "heroes"
urlpatterns = [*history_urls(Hero), *record_urls(Hero, HeroFilterSet, HeroForm)]
