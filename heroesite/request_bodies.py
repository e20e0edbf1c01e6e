"""Bodies of requests that the client hasn't sent completely."""

from django.http import HttpRequest, UnreadablePostError
from django.http.request import RawPostDataException


def is_body_complete(request: HttpRequest) -> bool:
    """Read the body of a request, and return whether all of it has been received (RFC 9112, section 8).

    A client that closes the connection before can cause an error, or only fewer bytes.
    """
    try:
        return len(request.body) >= int(request.META.get("CONTENT_LENGTH") or 0)
    except (UnreadablePostError, RawPostDataException):  # the latter if it failed before
        return False
