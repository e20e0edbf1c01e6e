"""The form of a record, on the website and in the admin."""

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
from heroesite.records.filters.typed_names import TypedNamesMixin
from heroesite.records.forms.merging import MergeField, merge
from heroesite.records.models.base import Record
from heroesite.records.permissions import blind_writes

CONFLICT = _(
    "Someone else changed this %(model_name)s while you were editing. Choose which values to keep, then save."
)
MERGED = _(
    "Someone else changed this %(model_name)s while you were editing. Their changes have been merged"
    " with yours. Check the result, then save."
)


class RecordForm(TypedNamesMixin, forms.ModelForm):
    """A form for one record.

    A restricted value is never in the form, not even for users who can see it: the field of an existing
    record is blank, and left blank it keeps the value.

    The form has the version of the record at which it was opened. If the record has been changed since, the
    form isn't valid, and ``merge_fields`` has the other changes: a field that only others changed
    already has their value. For the other fields, ``keep_…`` in the next form has the user's choice.

    The form of a new record has a random text, so that submitting it twice creates one record.
    """

    instance: Record
    merge_fields: list[MergeField] | None = None

    seen_version = StrictIntegerField(required=False, widget=forms.HiddenInput)
    submission = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = not self.instance._state.adding
        for name in set(self.instance.RESTRICTED) & set(self.fields):
            field = self.fields[name]
            field.widget.attrs["autocomplete"] = "off"
            self.initial.pop(name, None)
            if self.instance.pk and getattr(self.instance, name):  # it is empty if it has been erased
                field.required = False
                label = self.instance.verbose_name_of(name)
                field.help_text = _("Leave blank to keep the current %(field)s.") % {"field": label}
        if self.stored:
            self.initial["seen_version"] = self.instance.version
        else:
            del self.fields["seen_version"]
        if self.instance.pk:
            del self.fields["submission"]
        else:
            self.initial["submission"] = secrets.token_urlsafe(16)

    def full_clean(self) -> None:
        if self.is_bound and self.stored:
            self.apply_their_values()
        super().full_clean()

    def apply_their_values(self) -> None:
        """Fill in the stored values that the user chose to keep."""
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
        """Merge what others have changed since the form was opened."""
        seen = values.pop("seen_version", None)
        self.errors.pop("seen_version", None)  # it isn't an error of the user
        if seen == self.instance.version:
            return
        submitted = {name: value for name, value in values.items() if name in filled_in}
        submitted |= {name: self.data.get(name) for name in self.errors if name in self.fields}
        merge_fields = merge(self.instance, seen, submitted)
        is_known = seen and self.instance.history.filter(version=seen).exists()
        if not (is_known or merge_fields):
            return
        self.merge_fields = merge_fields
        data: Any = self.data
        self.data = data = data.copy()
        data["seen_version"] = str(self.instance.version)
        for field in merge_fields:
            if not field.is_conflict and not field.is_restricted:
                data[field.name] = self[field.name].initial
                values[field.name] = field.stored
        message = (
            (CONFLICT if any(field.is_conflict for field in merge_fields) else MERGED)
            if is_known
            else _("This form doesn't say which version you edited. Check the differences, then save.")
        )
        params = {"model_name": self.instance._meta.verbose_name}
        self.add_error(None, ValidationError(message, code="stale", params=params))

    def submission_key(self) -> str:
        """Return a key for this form with these values, or an empty text if the form has no random text.

        It is a keyed digest, since the values may be secret.
        """
        if "submission" not in self.fields or not self.data.get("submission"):
            return ""
        values = {name: self.data.get(name) for name in self.fields}
        label = self.instance._meta.label_lower
        return f"form {salted_hmac(__name__, f'{label} {values}', algorithm='sha256').hexdigest()}"

    def created_pk(self, user: Any) -> str | None:
        """Return the id of the record that this form has already created, or None.

        Call it after validation too: the name may be taken by this form's own record.
        """
        key = self.submission_key()
        return (
            key and IdempotencyKey.objects.filter(user=user, key=key).values_list("body", flat=True).first()
        )

    def write(self, user: Any) -> None:
        """Save the record with the values that ``user`` entered.

        Raises:
            IntegrityError: another request has saved this form; see :mod:`heroesite.records.retries`.
        """
        self.instance.save(
            blind_fields=blind_writes(user, self.instance, self.changed_data) if self.instance.pk else ()
        )
        if key := self.submission_key():
            IdempotencyKey.objects.create(
                user=user,
                key=key,
                leased_until=timezone.now(),
                status=HTTPStatus.FOUND,
                body=str(self.instance.pk),
            )
