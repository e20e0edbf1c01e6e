from heroesite.records.forms import RecordForm

from .models import Hero


class HeroForm(RecordForm):
    class Meta:
        model = Hero
        fields = Hero.FIELDS
