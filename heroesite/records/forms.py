"""Forms for records: pages and the admin fill in the same one."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .access import guesses
from .models import Record


class RecordForm(forms.ModelForm):
    """A form for one record.

    A restricted value is never put into the form, whoever asks: on an existing record its field is
    empty and, left so, means "unchanged".
    """

    instance: Record

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in set(self.instance.RESTRICTED) & set(self.fields):
            field = self.fields[name]
            field.widget.attrs["autocomplete"] = "off"
            self.initial.pop(name, None)
            if self.instance.pk:
                field.required = False
                field.help_text = _("Leave it empty to keep what is stored.")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if self.instance.pk:
            for name in set(self.instance.RESTRICTED) & set(values):
                values[name] = values[name] or getattr(self.instance, name)
        return values

    def write(self, user: Any) -> None:
        """Save the record, as ``user`` filled it in."""
        new = self.instance._state.adding
        self.instance.save(sent=() if new else guesses(user, self.instance, self.changed_data))
