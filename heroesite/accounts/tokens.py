"""The page on which users create, list and revoke their API tokens."""

from functools import partial
from secrets import token_urlsafe

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from heroesite.api.models import DEFAULT_DAYS, MAX_DAYS, ApiToken
from heroesite.form_fields import LineFormField, StrictIntegerField
from heroesite.text import validate_line
from heroesite.validators import range_validators


class TokenForm(forms.Form):
    name = LineFormField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("What you'll use it for, such as “Nightly import”."),
        validators=[validate_line, MaxLengthValidator(100)],
    )
    read_only = forms.BooleanField(label=gettext_lazy("Read-only"), required=False)
    days = StrictIntegerField(
        label=gettext_lazy("Expires after"),
        help_text=gettext_lazy("Days, from 1 to 3,650."),
        initial=DEFAULT_DAYS,
        validators=range_validators(1, MAX_DAYS),
    )
    submission = forms.CharField(
        required=False, widget=forms.HiddenInput, initial=partial(token_urlsafe, 9), max_length=20
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """List the user's tokens, and create one.

    Only a digest of the token is stored, so the response to the form is the only one that shows it. Each form
    creates one token, however often it is sent.
    """
    form, text, status = TokenForm(), "", 200
    submissions = request.session.get("token_submissions", [])
    if request.method == "POST":
        form = TokenForm(request.POST)
        submission = request.POST.get("submission", "")
        if submission and submission in submissions:
            message = _(
                "This form has already created a token. If you no longer have it, revoke it and create"
                " another one."
            )
            messages.info(request, message)
            return redirect("tokens")
        if form.is_valid():
            values = {name: form.cleaned_data[name] for name in ("name", "read_only", "days")}
            _token, text = ApiToken.objects.issue(request.user, **values)
            request.session["token_submissions"] = [*submissions[-9:], form.cleaned_data["submission"]]
            form = TokenForm()
        else:
            status = 422
    context = {"form": form, "text": text, "tokens": ApiToken.objects.filter(user=request.user)}
    return render(request, "account/tokens.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, token_key: str) -> HttpResponse:
    """Revoke one of the user's tokens."""
    if request.method != "POST":
        return redirect("tokens")
    token = get_object_or_404(ApiToken, user=request.user, token_key=token_key)
    token.delete()
    messages.success(request, _("Token “%(token)s” revoked.") % {"token": token})
    return redirect("tokens")
