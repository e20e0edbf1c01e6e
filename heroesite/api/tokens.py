"""The page on which people keep their own API tokens."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from heroesite.text import normalise, validate_line

from .models import DAYS, MOST_DAYS, ApiToken


class TokenForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), strip=False, help_text=gettext_lazy("What it is for."))
    read_only = forms.BooleanField(label=gettext_lazy("For reading only"), required=False)
    days = forms.IntegerField(
        label=gettext_lazy("Days"), initial=DAYS, min_value=1, max_value=MOST_DAYS, localize=False
    )

    def clean_name(self) -> str:
        name = normalise(self.cleaned_data["name"])
        if not name:
            raise ValidationError(_("This field is required."))
        validate_line(name)
        MaxLengthValidator(100)(name)
        return name


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
