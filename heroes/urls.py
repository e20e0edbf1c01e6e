from heroesite.records.urls import record_urls

from .filters import HeroFilterSet
from .forms import HeroForm
from .models import Hero

app_name = "heroes"
urlpatterns = record_urls(Hero, HeroFilterSet, HeroForm)
