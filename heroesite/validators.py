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
WHOLE_NUMBER = _("Enter a whole number, in digits only.")
written = lazy(number_format, str)
"""A number as the language of the page writes it."""


def range_validators(smallest: int, largest: int) -> list[Any]:
    """Validators of a range, with the same words at both its ends."""
    words = _("Enter a whole number from {smallest} to {largest}.")
    message = format_lazy(words, smallest=written(smallest), largest=written(largest))
    return [MinValueValidator(smallest, message), MaxValueValidator(largest, message)]


class FoldedLengthValidator:
    """Refuses a line that only folding makes longer than ``largest`` characters."""

    def __init__(self, largest: int) -> None:
        self.largest = largest

    def __call__(self, text: str) -> None:
        if len(text) <= self.largest < len(fold(text)):
            words = _("Too many of these characters stand for whole words; write them out.")
            raise ValidationError(words, code="folded")
