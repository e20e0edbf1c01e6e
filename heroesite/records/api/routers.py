"""The router of the API, and the list of its endpoints."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.routers import APIRootView, DefaultRouter

from heroesite.api.problems import reject_parameters
from heroesite.records.api.permissions import RecordPermission
from heroesite.records.models.base import Record


class Index(APIRootView):
    """The URLs of the lists of records."""

    permission_classes = [RecordPermission]
    model = Record

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        reject_parameters(request)

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        names: dict[str, str] = self.api_root_dict or {}
        return Response({path: reverse(f"api:{name}", request=request) for path, name in names.items()})


class RecordRouter(DefaultRouter):
    """Route URLs with and without the trailing slash to the same view, without a redirect."""

    APIRootView = Index
    include_format_suffixes = False

    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"
