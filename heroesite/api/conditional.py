"""Conditional requests (RFC 9110, section 13)."""

import re
from functools import cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.http import parse_etags
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request


class PreconditionFailed(APIException):
    """The record has another version than the client sent.

    Args:
        version: the current one.
        message: with a place for ``{version}``.
    """

    status_code = HTTPStatus.PRECONDITION_FAILED
    default_code = "stale"

    message = (
        "The record has changed and is now at version {version}. Read it again, then send If-Match with the"
        " ETag of that response."
    )
    none_match_message = (
        "If-None-Match matched the current version ({version}), so nothing was written. Omit it, or send"
        " If-Match."
    )

    def __init__(self, version: int, message: str = message) -> None:
        super().__init__(message.format(version=version))
        self.members = {"version": version}


class IfMatchNotSupported(APIException):
    """``If-Match`` was sent to a URL without a version."""

    status_code = HTTPStatus.PRECONDITION_FAILED
    default_code = "nothing_to_match"
    default_detail = (
        "If-Match isn't supported here: a list has no version. In a bulk request, send the version of each"
        " record with its item."
    )


class PreconditionRequired(APIException):
    """``If-Match`` is required and wasn't sent."""

    status_code = HTTPStatus.PRECONDITION_REQUIRED
    default_code = "precondition_required"
    default_detail = (
        "Send If-Match with the ETag of the record, so that you don't overwrite anyone's changes."
    )


def etag(version: int, body: Any) -> str:
    """Return a strong tag of a response: the version of the record, and a digest of the whole body.

    The body also depends on what the user can see and on nested records. The digest is keyed, because
    the body can contain secrets.
    """
    return etag_of_content(version, JSONRenderer().render(body))


def etag_of_content(version: int, content: bytes) -> str:
    """Return the :func:`etag` of a body that is already encoded as JSON."""
    digest = empty_digest(settings.SECRET_KEY).copy()
    digest.update(content)
    return f'"{version}-{digest.hexdigest()[:32]}"'


@cache
def empty_digest(secret: str) -> Any:
    """Return the keyed digest of nothing, whose copies are updated: deriving the key takes as long again."""
    return salted_hmac(__name__, b"", secret=secret, algorithm="sha256")


def matches_if_none_match(request: Request, tag: str) -> bool:
    """Return whether ``If-None-Match`` contains ``tag``, by weak comparison."""
    tags = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in tags or tag in [known.removeprefix("W/") for known in tags]


def check_if_match(request: Request, version: int) -> None:
    """Check that ``If-Match`` names ``version``, by strong comparison of the version alone.

    The rest of a tag says how the record was shown, which is no reason to reject a write.

    Raises:
        PreconditionFailed: it names another version.
        PreconditionRequired: it is missing and required.
    """
    sent = request.headers.get("If-Match")
    if sent is None:
        required = {"PUT", *(["PATCH", "DELETE", "POST"] if settings.REQUIRE_IF_MATCH else [])}
        if request.method in required:
            raise PreconditionRequired
        return
    tags = parse_etags(sent)
    if "*" not in tags and not any(re.fullmatch(rf'"{version}-[0-9a-f]{{32}}"', tag) for tag in tags):
        raise PreconditionFailed(version)


def reject_if_match(request: Request) -> None:
    """Reject ``If-Match`` at an address without a version, unless it is ``*``.

    Raises:
        IfMatchNotSupported: it names a version.
    """
    if "*" not in parse_etags(request.headers.get("If-Match", "*")):
        raise IfMatchNotSupported
