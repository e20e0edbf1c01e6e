"""The page on which people keep their own API tokens."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from .api.models import DAYS, MOST_DAYS, ApiToken
from .records.fields import LineFormField, WholeNumberFormField
from .text import validate_line


class TokenForm(forms.Form):
    name = LineFormField(
        label=_lazy("Name"),
        help_text=_lazy("What it is for."),
        validators=[validate_line, MaxLengthValidator(100)],
    )
    read_only = forms.BooleanField(label=_lazy("For reading only"), required=False)
    days = WholeNumberFormField(label=_lazy("Days"), initial=DAYS, min_value=1, max_value=MOST_DAYS)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """Lists one's own tokens, and makes a new one, whose text is shown this once."""
    form, text = TokenForm(request.POST or None), ""
    status = 200
    if request.method == "POST":
        form = TokenForm(request.POST)
        if form.is_valid():
            _token, text = ApiToken.objects.issue(request.user, **form.cleaned_data)
            form = TokenForm()
        else:
            status = 422
    context = {"form": form, "text": text, "tokens": ApiToken.objects.filter(user=request.user)}
    return render(request, "account/tokens.html", context, status=status)


@login_required
@require_POST
def revoke(request: HttpRequest, token_key: str) -> HttpResponse:
    token = get_object_or_404(ApiToken, user=request.user, token_key=token_key)
    token.delete()
    messages.success(request, _("Token “%(token)s” was revoked.") % {"token": token})
    return redirect("tokens")
