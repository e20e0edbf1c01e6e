"""Which media types a client takes (RFC 9110, section 12.5.1)."""

from django.http.request import MediaType
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request

JSON = "application/json"


class Negotiation(DefaultContentNegotiation):
    """JSON, unless a client says that it takes none: DRF does not read the weight of a media type."""

    def get_accept_list(self, request: Request) -> list[str]:
        accepted = super().get_accept_list(request)
        refused = [text for text in accepted if weight(text) == 0]
        if any(text.partition(";")[0].strip().lower() == JSON for text in refused):
            return []
        return [text for text in accepted if text not in refused]


def weight(media_range: str) -> float:
    """The ``q`` of a media range; 1 where there is none that can be read."""
    try:
        return MediaType(media_range).quality
    except (ValueError, LookupError):
        return 1
