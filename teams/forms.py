from heroesite.records.forms.record_form import RecordForm

from .models import Team


class TeamForm(RecordForm):
    class Meta:
        model = Team
        fields = Team.FIELDS
