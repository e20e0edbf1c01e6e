"""Conditional requests (RFC 9110, section 13): answers that are known already, writes that are stale."""

import re
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.http import parse_etags
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request


class PreconditionFailed(APIException):
    """The record is not as the client saw it.

    Args:
        version: the one it is at now.
    """

    status_code = HTTPStatus.PRECONDITION_FAILED
    default_code = "stale"

    words = (
        "The record has been changed since: it is at version {version}. Read it again, and send If-Match"
        " with the ETag of that answer."
    )
    words_of_none_match = (
        "If-None-Match asks to write only where the record is not as it is, at version {version}."
        " Leave it out, or send If-Match."
    )

    def __init__(self, version: int, words: str = words) -> None:
        super().__init__(words.format(version=version))
        self.members = {"version": version}


class NothingToMatch(APIException):
    """``If-Match`` where there is no version."""

    status_code = HTTPStatus.PRECONDITION_FAILED
    default_code = "nothing_to_match"
    default_detail = (
        "If-Match is for a record that is there already, and a list has no version."
        " In bulk, give each item the version of its record."
    )


class PreconditionRequired(APIException):
    status_code = HTTPStatus.PRECONDITION_REQUIRED
    default_code = "precondition_required"
    default_detail = "Send If-Match with the ETag of the record as you read it, so that nobody loses work."


def etag(version: int, body: Any) -> str:
    """A strong tag for an answer: the version of the record, and a digest of all that is shown.

    What a caller may see and what stands nested in the answer are part of it. The digest is keyed, since
    it may be made of secrets.
    """
    shown = JSONRenderer().render(body)
    return f'"{version}-{salted_hmac(__name__, shown, algorithm="sha256").hexdigest()[:32]}"'


def is_known(request: Request, tag: str) -> bool:
    """Whether ``If-None-Match`` names ``tag``: weak comparison, as it is for reading."""
    tags = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in tags or tag in [known.removeprefix("W/") for known in tags]


def check_match(request: Request, version: int) -> None:
    """Refuse a request whose ``If-Match`` does not name ``version``: strong comparison, of the version.

    The rest of a tag says how the record was shown, which is no reason to refuse a write.

    Raises:
        PreconditionFailed: the client saw another version.
        PreconditionRequired: it sends no ``If-Match`` and has to.
    """
    given = request.headers.get("If-Match")
    if given is None:
        demanding = {"PUT", *(["PATCH", "DELETE", "POST"] if settings.REQUIRE_IF_MATCH else [])}
        if request.method in demanding:
            raise PreconditionRequired
        return
    tags = parse_etags(given)
    if "*" not in tags and not any(re.fullmatch(rf'"{version}-[0-9a-f]{{32}}"', tag) for tag in tags):
        raise PreconditionFailed(version)


def refuse_match(request: Request) -> None:
    """Refuse ``If-Match`` where nothing has a version that it could name; ``*`` is for anything.

    Raises:
        NothingToMatch: it names one.
    """
    if "*" not in parse_etags(request.headers.get("If-Match", "*")):
        raise NothingToMatch
