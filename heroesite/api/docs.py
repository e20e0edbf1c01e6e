"""The OpenAPI description, and the pages that show it."""

import functools
import gzip
import hashlib
import re
from pathlib import Path
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.request import Request

from .problems import reject_parameters

# ReDoc adds two inline style elements: an empty one, and one that depends on the version of
# drf-spectacular-sidecar. The browser prints their hashes when the policy blocks them.
REDOC_STYLES = [
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",
]
ACCEPTS_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", re.IGNORECASE)
"""Matches an Accept-Encoding with gzip at a weight above zero (RFC 9110, section 12.4.2)."""


@functools.cache
def description() -> dict[str, Any]:
    """Return the OpenAPI description. It depends only on the code and the settings."""
    return SchemaGenerator().get_schema(public=True)


class CachedSchemaGenerator(SchemaGenerator):
    """Generates the description only once per process, because this takes nearly a second."""

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:
        return description()


class SchemaView(SpectacularJSONAPIView):
    """The OpenAPI description, which is the same for every user."""

    generator_class = CachedSchemaGenerator

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        reject_parameters(request)


@login_not_required
@require_safe
@csp_update({"img-src": [SELF, "data:"]})
def swagger(request: HttpRequest) -> HttpResponse:
    return render(request, "api/swagger.html")


@functools.cache
def offline_redoc() -> tuple[str, bytes, bytes]:
    """Return ReDoc's script without the addresses of its logo, which is on another site, and its source map.

    Returns:
        A digest, which is part of the script's address; the script; and the script compressed with gzip.
    """
    path = finders.find("drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js")
    script = Path(str(path)).read_bytes()
    for part in (
        b"https://cdn.redoc.ly/redoc/logo-mini.svg",
        b"//# sourceMappingURL=redoc.standalone.js.map",
    ):
        script = script.replace(part, b"")
    return hashlib.sha256(script).hexdigest()[:12], script, gzip.compress(script, mtime=0)


@login_not_required
@require_safe
@cache_control(public=True, max_age=365 * 24 * 3600, immutable=True)
@vary_on_headers("Accept-Encoding")
def redoc_script(request: HttpRequest, digest: str) -> HttpResponse:
    current, script, compressed = offline_redoc()
    if digest != current:
        raise Http404
    if not ACCEPTS_GZIP.search(request.headers.get("Accept-Encoding", "")):
        return HttpResponse(script, content_type="text/javascript")
    headers = {"Content-Encoding": "gzip"}
    return HttpResponse(compressed, content_type="text/javascript", headers=headers)


@login_not_required
@require_safe
@csp_update({"img-src": [SELF, "data:"], "worker-src": ["blob:"], "style-src": [SELF, *REDOC_STYLES]})
def redoc(request: HttpRequest) -> HttpResponse:
    return render(request, "api/redoc.html", {"digest": offline_redoc()[0]})
