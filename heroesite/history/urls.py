"""The addresses of histories: of each kind of record, and of all that was changed."""

from collections.abc import Iterator

from django.urls import URLPattern, path, re_path

from heroesite.records.api import RecordRouter, RecordViewSet
from heroesite.records.models import Record

from . import api, undo_api, undo_page, views
from .feed_api import FeedViewSet
from .revert_api import revert_view

app_name = "history"
urlpatterns = [
    path("", views.ChangeSets.as_view(), name="list"),
    path("<int:pk>/", views.OneChangeSet.as_view(), name="detail"),
    path("<int:pk>/undo/", undo_page.UndoPage.as_view(), name="undo"),
]


def history_urls(model: type[Record]) -> list[URLPattern]:
    """The pages about the past of one kind of record."""
    return [
        path("deleted/", views.DeletedRecords.as_view(model=model), name="deleted"),
        path("<int:pk>/history/", views.RecordHistory.as_view(model=model), name="history"),
        path(
            "<int:pk>/history/<int:version>/revert/",
            undo_page.RevertPage.as_view(model=model),
            name="revert",
        ),
    ]


def api_history_urls(router: RecordRouter) -> list[URLPattern]:
    """The histories of all kinds of record that ``router`` knows, the feed of their changes, and undoing,
    with or without the closing slash."""
    undo = undo_api.UndoViewSet.as_view({"post": "undo"})
    kinds = [viewset for _prefix, viewset, _name in router.registry if issubclass(viewset, RecordViewSet)]
    rows = {viewset.model: viewset.row_serializer_class for viewset in kinds}
    feed = FeedViewSet.as_view({"get": "follow"}, row_serializers=rows, example={"id": 1, **kinds[0].example})
    return [
        re_path("^changes/?$", feed, name="change-list"),
        re_path("^changesets/(?P<pk>[^/]+)/undo/?$", undo, name="changeset-undo"),
        *histories(router),
    ]


def histories(router: RecordRouter) -> Iterator[URLPattern]:
    for prefix, viewset, basename in router.registry:
        if issubclass(viewset, RecordViewSet):
            address = f"^{prefix}/(?P<pk>[^/]+)/history"
            listed = api.RecordHistoryViewSet.as_view({"get": "list"}, model=viewset.model)
            yield re_path(f"{address}/?$", listed, name=f"{basename}-history")
            reverted = revert_view(viewset)
            yield re_path(f"{address}/(?P<version>[^/]+)/revert/?$", reverted, name=f"{basename}-revert")
