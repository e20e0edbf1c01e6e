from heroesite.records.forms.record_form import RecordForm

from .models import Hero


class HeroForm(RecordForm):
    class Meta:
        model = Hero
        fields = Hero.FIELDS
