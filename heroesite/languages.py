"""The language that pages speak: as it was chosen, else as the browser asks for. The API speaks English."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils.decorators import method_decorator
from django.utils.translation import activate
from django.views.generic import TemplateView

from .errors import API


class PageLanguage(LocaleMiddleware):
    """Middleware, before all that speaks: a thread goes on in the language of its last request."""

    def process_request(self, request: HttpRequest) -> None:
        if request.path.startswith(API):
            activate(settings.LANGUAGE_CODE)
            request.LANGUAGE_CODE = settings.LANGUAGE_CODE
        else:
            super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path.startswith(API):
            return response
        return super().process_response(request, response)


@method_decorator(login_not_required, name="dispatch")
class LanguagePage(TemplateView):
    """Where a language is chosen; the choice is a cookie."""

    template_name = "language.html"
    http_method_names = ["get", "head", "options"]
