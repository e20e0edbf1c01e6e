"""Forms in which users set their own password."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.core import context
from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, ngettext_lazy

from heroesite.api.models import ApiToken


def revoke_tokens(user: User) -> None:
    """Revoke the API tokens of ``user`` and say how many there were."""
    count = ApiToken.objects.revoke(user)
    if count:
        message = ngettext("%(count)d API token revoked.", "%(count)d API tokens revoked.", count)
        messages.success(context.request, message % {"count": count})


class ChangePasswordForm(allauth_forms.ChangePasswordForm):
    """Changes the password, and revokes the user's API tokens on request."""

    revoke_tokens = forms.BooleanField(label=_("Revoke my API tokens"), required=False)
    help_text = ngettext_lazy(
        "You have %(count)d API token. It is valid until it expires or you revoke it.",
        "You have %(count)d API tokens. They are valid until they expire or you revoke them.",
        "count",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Current password")
        name_new_passwords(self)
        offer_choice(self, "revoke_tokens", self.user)

    @transaction.atomic
    def save(self) -> None:
        super().save()
        if self.cleaned_data.get("revoke_tokens"):
            revoke_tokens(self.user)


class ResetPasswordForm(allauth_forms.ResetPasswordKeyForm):
    """Sets a new password from a mailed link, and revokes the user's API tokens unless they keep them."""

    keep_tokens = forms.BooleanField(label=_("Keep my API tokens"), required=False)
    help_text = ngettext_lazy(
        "You have %(count)d API token. Unless you keep it, it will be revoked.",
        "You have %(count)d API tokens. Unless you keep them, they will be revoked.",
        "count",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name_new_passwords(self)
        offer_choice(self, "keep_tokens", self.user)

    @transaction.atomic
    def save(self) -> None:
        super().save()
        if not self.cleaned_data.get("keep_tokens"):
            revoke_tokens(self.user)


def name_new_passwords(form: forms.Form) -> None:
    """Label the fields in sentence case."""
    form.fields["password1"].label = _("New password")
    form.fields["password2"].label = _("New password (again)")


def offer_choice(form: Any, name: str, user: User) -> None:
    """Show the choice ``name`` last and say how many tokens it is about, or hide it if there are none."""
    count = ApiToken.objects.filter(user=user).count()
    if count:
        form.order_fields([*(field for field in form.fields if field != name), name])
        form.fields[name].help_text = form.help_text % {"count": count}
    else:
        del form.fields[name]
