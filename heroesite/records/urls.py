"""The addresses of each record type's pages."""

from django.urls import URLPattern, path

from .filters.filtersets import RecordFilterSet
from .forms.record_form import RecordForm
from .models import Record
from .views.base import RecordView
from .views.bulk_actions import BulkDeleteView, BulkUpdateView
from .views.choices import RecordChoicesView
from .views.detail import RecordDetailView, RecordRevealView
from .views.edit import RecordCreateView, RecordDeleteView, RecordRestoreView, RecordUpdateView
from .views.list import RecordListView
from .views.saved_views import SavedViewDeleteView, SavedViewListView, SavedViewOpenView

VIEWS: dict[str, tuple[str, type[RecordView]]] = {
    "list": ("", RecordListView),
    "create": ("new/", RecordCreateView),
    "change_selected": ("selected/<str:link>/", BulkUpdateView),
    "delete_selected": ("selected/", BulkDeleteView),
    "choices": ("choices/", RecordChoicesView),
    "saved_views": ("views/", SavedViewListView),
    "saved_view": ("views/<str:key>/", SavedViewOpenView),
    "delete_saved_view": ("views/<str:key>/delete/", SavedViewDeleteView),
    "detail": ("<int:pk>/", RecordDetailView),
    "update": ("<int:pk>/edit/", RecordUpdateView),
    "delete": ("<int:pk>/delete/", RecordDeleteView),
    "restore": ("<int:pk>/restore/", RecordRestoreView),
    "reveal": ("<int:pk>/reveal/", RecordRevealView),
}


def record_urls(
    model: type[Record], filterset_class: type[RecordFilterSet], form_class: type[RecordForm]
) -> list[URLPattern]:
    """Return the URL patterns of a record type's pages, named alike for every type."""
    initkwargs = {"model": model, "filterset_class": filterset_class, "form_class": form_class}
    return [
        path(route, view.as_view(**initkwargs), name=name)
        for name, (route, view) in VIEWS.items()
        if name != "reveal" or model.RESTRICTED
    ]
