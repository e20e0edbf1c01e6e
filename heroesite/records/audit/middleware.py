"""The middleware that records the source and the user of each change."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from heroesite.records.audit.change_sets import Source, new_change_set

SOURCES = {"/admin/": Source.ADMIN, "/api/": Source.API}


def source_of(request: HttpRequest) -> Source:
    return next(
        (source for start, source in SOURCES.items() if request.path.startswith(start)), Source.WEBSITE
    )


class ChangeSetMiddleware:
    """Record everything that one request writes as one change set."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with new_change_set(source_of(request), request):
            return self.get_response(request)
