"""Errors of the API that concern records."""

from collections.abc import Iterable
from http import HTTPStatus

from django.core.exceptions import ValidationError
from django.db.models import Model
from rest_framework.exceptions import APIException, ErrorDetail, NotFound

from heroesite.api.problems import unknown_id_message
from heroesite.ids import is_id
from heroesite.records.models.base import Record

MAX_ERRORS = 50
"""Errors of a body that one response lists."""
CODES = {"blank": "required", "null": "required"}
"""The API's code for some of Django's codes."""
READ_ONLY = "This field is read-only. Omit it, or send it back unchanged."


def details(errors: Iterable[ValidationError]) -> Iterable[ErrorDetail]:
    """Convert Django's errors to DRF's, with the codes of the API."""
    for error in errors:
        code = error.code or "invalid"
        for message in error.messages:
            yield ErrorDetail(message, CODES.get(code, code))


def changed_message(version: int) -> str:
    return f"The record has changed and is now at version {version}."


class StaleVersion(APIException):
    """The record has another version than the body.

    Args:
        version: the current one.
    """

    status_code = HTTPStatus.CONFLICT
    default_code = "stale"

    def __init__(self, version: int) -> None:
        message = changed_message(version)
        super().__init__(f"{message} Read it again, then send your changes.")
        error = {"pointer": "/version", "message": message, "code": self.default_code}
        self.members = {"version": version, "errors": [error]}


def not_found(model: type[Model], key: str) -> NotFound:
    """Return the error of an id that no object has; of a deleted record, it says when that was."""
    message = unknown_id_message(model, key)
    if issubclass(model, Record) and is_id(key) and (entry := model.deletion_entry(key)):
        message += f" It was deleted on {entry.change_set.at:%Y-%m-%d at %H:%M:%S} UTC."
    return NotFound(message)
