"""The WSGI application, for gunicorn."""

import os
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heroesite.settings")
os.environ["HEROESITE_PROCESS"] = "web"  # whatever has started it
django_application = get_wsgi_application()


def readable(content_type: str) -> str:
    """A type of content that Django can read; what it cannot read fails before any handler of errors.

    A character set that Python knows is used by Django on the query string as well, and Python knows some
    that are none, as ``hex``. All but UTF-8 are refused anyway, under whatever name.
    """
    try:
        kind, parameters = parse_header_parameters(content_type)
    except ValueError:
        return "application/octet-stream"
    other = parameters.get("charset", "utf-8").strip("\"'").lower() not in {"utf-8", "utf8"}
    return f"{kind}; charset=other" if other else content_type


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Django, with bodies sent in chunks read as well, and types of content that nobody can read taken for
    unknown ones.

    Without a Content-Length Django takes a body for empty (ticket 35838), and a PATCH sent in chunks
    would answer 200 and change nothing.
    """
    if environ.get("SERVER_PROTOCOL") == "HTTP/1.1":
        environ.setdefault("HTTP_HOST", "")  # RFC 9112 demands one; Django refuses an empty one
    if "CONTENT_TYPE" in environ:
        environ["CONTENT_TYPE"] = readable(environ["CONTENT_TYPE"])
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        body = environ["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
    answer = django_application(environ, start_response)
    if environ["REQUEST_METHOD"] != "HEAD":
        return answer
    answer.close()  # what it says of its length stays; gunicorn would warn of each body
    return []
