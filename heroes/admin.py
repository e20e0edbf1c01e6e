from django.contrib import admin

from heroesite.records.admin.records import RecordAdmin

from .filters import HeroFilterSet
from .forms import HeroForm
from .models import Hero


@admin.register(Hero)
class HeroAdmin(RecordAdmin):
    form = HeroForm
    filterset_class = HeroFilterSet
