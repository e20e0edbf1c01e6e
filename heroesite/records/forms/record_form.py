"""Forms for records: pages and the admin fill in the same one."""

import secrets
from http import HTTPStatus
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from heroesite.api.models import IdempotencyKey
from heroesite.form_fields import StrictIntegerField
from heroesite.records.forms.merging import Choice, merge
from heroesite.records.models.base import Record
from heroesite.records.permissions import blind_writes


class RecordForm(forms.ModelForm):
    """A form for one record.

    A restricted value is never put into the form, whoever asks: on an existing record its field is
    empty and, left so, means "unchanged".

    The form carries the version that it was filled in from. If the record was changed since, the form is
    not valid, and ``choices`` tells each change: what only the other side touched stands in the form
    already; of the rest, the fields ``keep_…`` of the next form say whose value is kept.

    The form of a new record carries a random text, so that sending it twice makes one record.
    """

    instance: Record
    choices: list[Choice] | None = None

    seen_version = StrictIntegerField(required=False, widget=forms.HiddenInput)
    once = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = not self.instance._state.adding
        for name in set(self.instance.RESTRICTED) & set(self.fields):
            field = self.fields[name]
            field.widget.attrs["autocomplete"] = "off"
            self.initial.pop(name, None)
            if self.instance.pk and getattr(self.instance, name):  # empty where it had to be erased
                field.required = False
                label = self.instance.verbose_name_of(name)
                field.help_text = _("Leave blank to keep the current %(field)s.") % {"field": label}
        if self.stored:
            self.initial["seen_version"] = self.instance.version
        else:
            del self.fields["seen_version"]
        if self.instance.pk:
            del self.fields["once"]
        else:
            self.initial["once"] = secrets.token_urlsafe(16)

    def full_clean(self) -> None:
        if self.is_bound and self.stored:
            self.take_theirs()
        super().full_clean()

    def take_theirs(self) -> None:
        """Fill in the other side's value where it was chosen."""
        data: Any = self.data
        chosen = [name for name in self.fields if data.get(f"keep_{name}") == "theirs"]
        if chosen:
            self.data = data = data.copy()
        for name in chosen:
            data[name] = "" if name in self.instance.RESTRICTED else self[name].initial

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        unchanged = {name for name in self.instance.RESTRICTED if self.instance.pk and not values.get(name)}
        if self.stored:
            self.check_version(values, set(values) - unchanged)
        for name in unchanged & set(values):
            values[name] = getattr(self.instance, name)
        return values

    def check_version(self, values: dict[str, Any], filled_in: set[str]) -> None:
        """Merge what others changed since the form was filled in."""
        seen = values.pop("seen_version", None)
        self.errors.pop("seen_version", None)  # which nobody typed
        if seen == self.instance.version:
            return
        yours = {name: value for name, value in values.items() if name in filled_in}
        yours |= {name: self.data.get(name) for name in self.errors if name in self.fields}
        choices = merge(self.instance, seen, yours)
        known = seen and self.instance.history.filter(version=seen).exists()
        if not (known or choices):
            return
        self.choices = choices
        data: Any = self.data
        self.data = data = data.copy()
        data["seen_version"] = str(self.instance.version)
        for choice in self.choices:
            if not choice.open and not choice.restricted:
                data[choice.name] = self[choice.name].initial
                values[choice.name] = choice.theirs
        message = (
            _(
                "Someone else changed this %(model_name)s while you were editing. Choose which values to"
                " keep, then save."
            )
            if known
            else _("This form doesn't say which version you edited. Check the differences, then save.")
        )
        params = {"model_name": self.instance._meta.verbose_name}
        self.add_error(None, ValidationError(message, code="stale", params=params))

    def once_key(self) -> str:
        """The key of what was filled in; none where the form carries no random text.

        Other values from the same form have another key. It is a keyed digest, since they may be secret.
        """
        if "once" not in self.fields or not self.data.get("once"):
            return ""
        sent = {name: self.data.get(name) for name in self.fields}
        kind = self.instance._meta.label_lower
        return f"form {salted_hmac(__name__, f'{kind} {sent}', algorithm='sha256').hexdigest()}"

    def made(self, user: Any) -> str | None:
        """The id of the record that this very form has made already, where it is sent twice.

        To be asked after validation: that a name is taken may be this form's own doing, a moment ago.
        """
        key = self.once_key()
        return (
            key and IdempotencyKey.objects.filter(user=user, key=key).values_list("body", flat=True).first()
        )

    def write(self, user: Any) -> None:
        """Save the record, as ``user`` filled it in.

        Raises:
            IntegrityError: the same form is being saved a second time; see :mod:`heroesite.records.retries`.
        """
        self.instance.save(
            sent=blind_writes(user, self.instance, self.changed_data) if self.instance.pk else ()
        )
        if key := self.once_key():
            IdempotencyKey.objects.create(
                user=user,
                key=key,
                leased_until=timezone.now(),
                status=HTTPStatus.FOUND,
                body=str(self.instance.pk),
            )
