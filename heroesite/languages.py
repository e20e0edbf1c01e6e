"""The page on which users select a language, which is stored in a cookie."""

from django.contrib.auth.decorators import login_not_required
from django.utils.decorators import method_decorator
from django.views.generic import TemplateView


@method_decorator(login_not_required, name="dispatch")
class LanguageView(TemplateView):
    """Show the available languages."""

    template_name = "language.html"
    http_method_names = ["get", "head", "options"]
