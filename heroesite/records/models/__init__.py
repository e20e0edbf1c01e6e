"""The record base class, its fields and querysets, and every model of the app ``records``."""

from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.audit.disclosures import Disclosure

from .base import Record
from .saved_views import SavedView
from .search_indexes import create_search_indexes

__all__ = ["ChangeSet", "Disclosure", "Record", "SavedView", "create_search_indexes"]
