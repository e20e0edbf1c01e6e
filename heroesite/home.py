"""The first page, what is here and how it is spread, and the search over all of it."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from heroesite.records.filters.filters import SearchField
from heroesite.records.filters.forms import QueryForm
from heroesite.records.models.base import Record
from heroesite.records.views.charts import Chart, list_of


class HomeView(TemplateView):
    """Sums up some kinds of records.

    Args:
        kinds: the models, in the order in which to show them.
        charts: each draws one.
    """

    template_name = "home.html"
    kinds: ClassVar[list[type[Record]]] = []
    charts: ClassVar[list[Callable[[], Chart]]] = []
    latest = 5

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        summaries = [
            {
                "kind": kind._meta,
                "count": kind.objects.count(),
                "latest": kind.objects.order_by("-updated_at", "-pk")[: self.latest],
            }
            for kind in self.kinds
        ]
        return super().get_context_data(
            summaries=summaries, charts=[draw() for draw in self.charts], **kwargs
        )


class SearchForm(QueryForm):
    takes_empty = True

    search = SearchField(label=_("Search"), required=False)


class SearchView(TemplateView):
    """The records of some kinds whose name holds what is searched for.

    Args:
        kinds: as of :class:`HomeView`.
    """

    template_name = "search.html"
    kinds: ClassVar[list[type[Record]]] = []
    most = 10

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = SearchForm(request.GET)
        words = form.cleaned_data["search"] if form.is_valid() else []
        found = [self.found(kind, words) for kind in self.kinds if words]
        context = self.get_context_data(form=form, words=words, found=found)
        return self.render_to_response(context, status=200 if form.is_valid() else 400)

    def found(self, kind: type[Record], words: list[str]) -> dict[str, Any]:
        """What was found among one kind: the first, how many, and where all are listed."""
        matching = kind.objects.search(words)
        return {
            "kind": kind._meta,
            "count": matching.count(),
            "first": matching[: self.most],
            "list": list_of(kind, {"search": " ".join(words)}),
        }
