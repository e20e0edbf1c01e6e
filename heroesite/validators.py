"""Validators and error messages that forms, models and the API share."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.formats import number_format
from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from heroesite.text import fold

REQUIRED = _("This field is required.")
NOT_A_WHOLE_NUMBER = _("Enter a whole number, such as 41.")
localized_number = lazy(number_format, str)
"""Format a number for the language of the page."""


def range_validators(min_value: int, max_value: int) -> list[Any]:
    """Return the validators of a range; both ends have the same message."""
    message = format_lazy(
        _("Enter a whole number from {min_value} to {max_value}."),
        min_value=localized_number(min_value),
        max_value=localized_number(max_value),
    )
    return [MinValueValidator(min_value, message), MaxValueValidator(max_value, message)]


class FoldedLengthValidator:
    """Reject a line that only folding makes longer than ``max_length`` characters."""

    def __init__(self, max_length: int) -> None:
        self.max_length = max_length

    def __call__(self, text: str) -> None:
        if len(text) <= self.max_length < len(fold(text)):
            message = _("Too many of these characters stand for whole words. Spell the words out.")
            raise ValidationError(message, code="folded")
