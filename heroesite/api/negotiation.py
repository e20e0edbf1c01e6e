"""Content negotiation (RFC 9110, section 12.5.1)."""

from typing import Any

from django.http.request import MediaType
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request

JSON, PROBLEM_JSON = "application/json", "application/problem+json"


class ContentNegotiation(DefaultContentNegotiation):
    """Respond in JSON unless the client excludes it: DRF doesn't read the weight of a media type.

    A client that accepts only problem documents accepts the errors, and so the requests that could have one.
    """

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        """Return the renderer and its media type; most clients accept anything."""
        if len(renderers) == 1 and request.META.get("HTTP_ACCEPT", "*/*") in {"*/*", renderers[0].media_type}:
            return renderers[0], renderers[0].media_type
        return super().select_renderer(request, renderers, format_suffix)

    def get_accept_list(self, request: Request) -> list[str]:
        accepted = super().get_accept_list(request)
        excluded = [text for text in accepted if weight(text) == 0]
        if JSON in map(media_type, excluded):
            return []
        return [
            JSON if media_type(text) == PROBLEM_JSON else text for text in accepted if text not in excluded
        ]


def media_type(media_range: str) -> str:
    """Return a media range without its parameters."""
    return media_range.partition(";")[0].strip().lower()


def weight(media_range: str) -> float:
    """Return the ``q`` of a media range, or 1 if it has none or an invalid one."""
    try:
        return MediaType(media_range).quality
    except (ValueError, LookupError):
        return 1
