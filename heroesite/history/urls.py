"""The addresses of histories: of each kind of record, and of all that was changed."""

from django.urls import URLPattern, path, re_path

from heroesite.records.api import RecordRouter, RecordViewSet
from heroesite.records.models import Record

from . import api, views

app_name = "history"
urlpatterns = [
    path("", views.ChangeSets.as_view(), name="list"),
    path("<int:pk>/", views.OneChangeSet.as_view(), name="detail"),
]


def history_urls(model: type[Record]) -> list[URLPattern]:
    """The pages about the past of one kind of record."""
    return [
        path("deleted/", views.DeletedRecords.as_view(model=model), name="deleted"),
        path("<int:pk>/history/", views.RecordHistory.as_view(model=model), name="history"),
    ]


def api_history_urls(router: RecordRouter) -> list[URLPattern]:
    """The histories of all kinds of record that ``router`` knows, with or without the closing slash."""
    return [
        re_path(
            rf"^{prefix}/(?P<pk>[^/]+)/history/?$",
            api.RecordHistoryViewSet.as_view({"get": "list"}, model=viewset.model),
            name=f"{basename}-history",
        )
        for prefix, viewset, basename in router.registry
        if issubclass(viewset, RecordViewSet)
    ]
