"""The addresses that each kind of record has."""

from django.urls import URLPattern, path

from . import lists, saved_view_pages, selection, views
from .filters import RecordFilterSet
from .forms import RecordForm
from .models import Record

PAGES: dict[str, tuple[str, type[views.RecordPage]]] = {
    "list": ("", lists.RecordList),
    "create": ("new/", views.RecordCreate),
    "change_selected": ("selected/<str:link>/", selection.ChangeSelected),
    "delete_selected": ("selected/", selection.DeleteSelected),
    "saved_views": ("views/", saved_view_pages.SavedViews),
    "saved_view": ("views/<str:key>/", saved_view_pages.OpenSavedView),
    "drop_saved_view": ("views/<str:key>/drop/", saved_view_pages.DropSavedView),
    "detail": ("<int:pk>/", views.RecordDetail),
    "update": ("<int:pk>/edit/", views.RecordUpdate),
    "delete": ("<int:pk>/delete/", views.RecordDelete),
    "restore": ("<int:pk>/restore/", views.RecordRestore),
    "reveal": ("<int:pk>/reveal/", views.RecordReveal),
}


def record_urls(
    model: type[Record], filterset_class: type[RecordFilterSet], form_class: type[RecordForm]
) -> list[URLPattern]:
    """The pages of one kind of record, under addresses with the same names for every kind."""
    told = {"model": model, "filterset_class": filterset_class, "form_class": form_class}
    return [
        path(address, page.as_view(**told), name=name)
        for name, (address, page) in PAGES.items()
        if name != "reveal" or model.RESTRICTED
    ]
