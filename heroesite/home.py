"""The first page: what is here, how much of it, and the latest."""

from typing import Any, ClassVar

from django.views.generic import TemplateView

from .records.models import Record


class HomeView(TemplateView):
    """Sums up some kinds of records.

    Args:
        kinds: the models, in the order in which to show them.
    """

    template_name = "home.html"
    kinds: ClassVar[list[type[Record]]] = []
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
        return super().get_context_data(summaries=summaries, **kwargs)
