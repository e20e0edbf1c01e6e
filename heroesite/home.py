"""The home page with counts and charts, and the search over all record types."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from heroesite.cached_per_language import cached_per_language
from heroesite.database.statements import InstanceStatement
from heroesite.dates import instant_format
from heroesite.records.addresses import Addresses
from heroesite.records.emblems import emblem_of
from heroesite.records.filters.filters import SearchField
from heroesite.records.filters.forms import QueryForm
from heroesite.records.filters.offset import OffsetPaginator
from heroesite.records.models.base import Record
from heroesite.records.registry import record_types
from heroesite.records.row_templates import RowTemplate
from heroesite.records.views.charts import Chart, count_and_chart, list_address

LATEST = 5
"""The number of latest changes of each type that the home page shows."""


@cache
def latest_statement(model: type[Record]) -> InstanceStatement:
    """Return the statement for the records of a type that were changed last."""
    return InstanceStatement(model.objects.order_by("-updated_at", "-pk")[:LATEST])


class LatestRows:
    """Renders the latest changes of a type, in the language that is active when it is created."""

    def __init__(self, model: type[Record]) -> None:
        self.template = RowTemplate("_latest.html", {})
        self.addresses, self.instants = Addresses(f"{model._meta.app_label}:detail"), instant_format()

    def render(self, records: Iterable[Any]) -> SafeString:
        """Return the HTML of the items of the list."""
        return self.template.render(
            {
                "address": self.addresses.of(record.pk),
                "emblem": emblem_of(record.name_key),
                "name": str(record),
                "instant": record.updated_at.isoformat(),
                "updated_at": self.instants.format(record.updated_at),
            }
            for record in records
        )


@cached_per_language
def latest_rows(model: type[Record]) -> LatestRows:
    """Return the renderer for the active language, which all requests share."""
    return LatestRows(model)


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
            latest = latest_rows(model).render(latest_statement(model).load_all())
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
