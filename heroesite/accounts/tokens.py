"""The page on which people keep their own API tokens."""

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

from heroesite.api.models import DAYS, MOST_DAYS, ApiToken
from heroesite.form_fields import LineFormField, StrictIntegerField
from heroesite.text import validate_line


class TokenForm(forms.Form):
    name = LineFormField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("What it is for."),
        validators=[validate_line, MaxLengthValidator(100)],
    )
    read_only = forms.BooleanField(label=gettext_lazy("For reading only"), required=False)
    days = StrictIntegerField(label=gettext_lazy("Days"), initial=DAYS, min_value=1, max_value=MOST_DAYS)
    once = forms.CharField(
        required=False, widget=forms.HiddenInput, initial=partial(token_urlsafe, 9), max_length=20
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """Lists one's own tokens, and makes a new one, whose text is shown this once.

    The text is kept nowhere, so it stands in the answer to the form. Each form makes one token, however
    often the page is reloaded.
    """
    form, text, status = TokenForm(), "", 200
    sent = request.session.get("token_forms", [])
    if request.method == "POST":
        form = TokenForm(request.POST)
        once = request.POST.get("once", "")
        if once and once in sent:
            words = _("This token was made already. If its text is lost, revoke it and make another one.")
            messages.info(request, words)
            return redirect("tokens")
        if form.is_valid():
            values = {name: form.cleaned_data[name] for name in ("name", "read_only", "days")}
            _token, text = ApiToken.objects.issue(request.user, **values)
            request.session["token_forms"] = [*sent[-9:], form.cleaned_data["once"]]
            form = TokenForm()
        else:
            status = 422
    context = {"form": form, "text": text, "tokens": ApiToken.objects.filter(user=request.user)}
    return render(request, "account/tokens.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, token_key: str) -> HttpResponse:
    if request.method != "POST":
        return redirect("tokens")
    token = get_object_or_404(ApiToken, user=request.user, token_key=token_key)
    token.delete()
    messages.success(request, _("Token “%(token)s” was revoked.") % {"token": token})
    return redirect("tokens")
