"""Which door a request comes through: what it writes is put down to that."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from .changes import Door, writing

DOORS = {"/admin/": Door.ADMIN, "/api/": Door.API}


def door_of(request: HttpRequest) -> Door:
    return next((door for start, door in DOORS.items() if request.path.startswith(start)), Door.PAGE)


class ThroughADoor:
    """Middleware: all that one request writes is one change set."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with writing(door_of(request), request):
            return self.get_response(request)
