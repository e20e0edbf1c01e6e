"""The home page with counts and charts, and the search over all record types."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from heroesite.database.statements import InstanceStatement
from heroesite.records.filters.filters import SearchField
from heroesite.records.filters.forms import QueryForm
from heroesite.records.filters.offset import OffsetPaginator
from heroesite.records.models.base import Record
from heroesite.records.registry import record_types
from heroesite.records.views.charts import Chart, count_and_chart, list_address

LATEST = 5
"""The number of latest changes of each type that the home page shows."""


@cache
def latest_statement(model: type[Record]) -> InstanceStatement:
    """Return the statement for the records of a type that were changed last."""
    return InstanceStatement(model.objects.order_by("-updated_at", "-pk")[:LATEST])


class HomeView(TemplateView):
    """Shows each record type's count, latest changes and charts.

    Args:
        charts: further charts, each a function that returns one.
    """

    template_name = "home.html"
    charts: ClassVar[Sequence[Callable[[], Chart]]] = ()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        summaries, charts = [], []
        for record_type in record_types():
            model = record_type.model
            count, field_charts = count_and_chart(model, record_type.charts)
            latest = latest_statement(model).load_all()
            summaries.append({"opts": model._meta, "count": count, "latest": latest})
            charts += field_charts
        return super().get_context_data(
            title=settings.SITE_TITLE,
            description=settings.SITE_DESCRIPTION,
            summaries=summaries,
            charts=[*charts, *(draw() for draw in self.charts)],
            **kwargs,
        )


class SearchForm(QueryForm):
    allow_empty = True

    search = SearchField(label=_("Search"), required=False)


class SearchView(TemplateView):
    """Searches the names of all records."""

    template_name = "search.html"
    limit = 10

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = SearchForm(request.GET)
        words = form.cleaned_data["search"] if form.is_valid() else []
        found = [self.search(each.model, words) for each in record_types() if words]
        context = self.get_context_data(form=form, words=words, found=found)
        return self.render_to_response(context, status=200 if form.is_valid() else 400)

    def search(self, model: type[Record], words: list[str]) -> dict[str, Any]:
        """Return the records of one type that match: the first page, and the URL that lists all."""
        page = OffsetPaginator(model.objects.search(words)).page(0, self.limit)
        return {
            "opts": model._meta,
            "page": page,
            "list": f"{list_address(model)}?{urlencode({'search': ' '.join(words)})}",
        }
