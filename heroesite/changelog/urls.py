"""The URL patterns of change sets, of the history of records, and of their API."""

from collections.abc import Iterator

from django.urls import URLPattern, path, re_path

from heroesite.records.api.routers import RecordRouter
from heroesite.records.api.viewsets import RecordViewSet
from heroesite.records.models import Record

from . import views
from .api.feed import FeedViewSet
from .api.revert import revert_view
from .api.undo import UndoViewSet
from .api.viewsets import RecordHistoryViewSet
from .revert_views import RevertView
from .undo_views import UndoView

app_name = "history"
urlpatterns = [
    path("", views.ChangeSetListView.as_view(), name="list"),
    path("<int:pk>/", views.ChangeSetDetailView.as_view(), name="detail"),
    path("<int:pk>/undo/", UndoView.as_view(), name="undo"),
]


def history_urls(model: type[Record]) -> list[URLPattern]:
    """Return the URL patterns of a record type's history pages."""
    return [
        path("deleted/", views.DeletedRecordsView.as_view(model=model), name="deleted"),
        path("<int:pk>/history/", views.RecordHistoryView.as_view(model=model), name="history"),
        path("<int:pk>/history/<int:version>/revert/", RevertView.as_view(model=model), name="revert"),
    ]


def api_history_urls(router: RecordRouter) -> list[URLPattern]:
    """Return the URL patterns of the feed, of undo, and of each registered type's history.

    Each answers with or without the trailing slash.
    """
    viewsets = [viewset for _prefix, viewset, _name in router.registry if issubclass(viewset, RecordViewSet)]
    row_serializers = {viewset.model: viewset.row_serializer_class for viewset in viewsets}
    feed = FeedViewSet.as_view({"get": "follow"}, row_serializers=row_serializers)
    return [
        re_path("^changes/?$", feed, name="change-list"),
        re_path(
            "^changesets/(?P<pk>[^/]+)/undo/?$", UndoViewSet.as_view({"post": "undo"}), name="changeset-undo"
        ),
        *record_history_urls(router),
    ]


def record_history_urls(router: RecordRouter) -> Iterator[URLPattern]:
    for prefix, viewset, basename in router.registry:
        if issubclass(viewset, RecordViewSet):
            route = f"^{prefix}/(?P<pk>[^/]+)/history"
            history = RecordHistoryViewSet.as_view({"get": "list"}, model=viewset.model)
            yield re_path(f"{route}/?$", history, name=f"{basename}-history")
            yield re_path(
                f"{route}/(?P<version>[^/]+)/revert/?$", revert_view(viewset), name=f"{basename}-revert"
            )
