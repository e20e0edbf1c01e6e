"""The WSGI application, for gunicorn."""

import os
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

from heroesite.database.sqlite3.kept_connections import kept_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heroesite.settings")
os.environ["HEROESITE_PROCESS"] = "web"  # settings differ from those of commands
django_application = get_wsgi_application()


def readable_content_type(content_type: str) -> str:
    """Return a Content-Type that Django can parse, since parsing fails before errors are handled.

    Django decodes the query string with the charset too, and Python has codecs that aren't character sets,
    such as ``hex``. Views reject every charset other than UTF-8, so any name will do for them.
    """
    try:
        media_type, parameters = parse_header_parameters(content_type)
    except ValueError:
        return "application/octet-stream"
    other = parameters.get("charset", "utf-8").strip("\"'").lower() not in {"utf-8", "utf8"}
    return f"{media_type}; charset=other" if other else content_type


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Call Django with a body and a Content-Type that it can read.

    Django ignores a body without a Content-Length (ticket 35838), so a PATCH in chunks would change nothing
    and respond with 200.
    """
    if environ.get("SERVER_PROTOCOL") == "HTTP/1.1":
        environ.setdefault("HTTP_HOST", "")  # RFC 9112 requires a Host; Django rejects an empty one
    if "CONTENT_TYPE" in environ:
        environ["CONTENT_TYPE"] = readable_content_type(environ["CONTENT_TYPE"])
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        body = environ["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
    response = django_application(environ, start_response)
    if not getattr(response, "streaming", True):
        kept_connections.end_use()  # the client can take its time to read
    if environ["REQUEST_METHOD"] != "HEAD":
        return response
    response.close()  # gunicorn would log a warning about the body
    return []
