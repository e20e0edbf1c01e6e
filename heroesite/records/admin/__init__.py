"""The admin of records, and of what is recorded about them."""

from . import disclosures

__all__ = ["disclosures"]
