"""Base classes of the admin: one that rejects malformed URLs and forms, and one that is read-only."""

from itertools import chain
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.messages import ERROR
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from heroesite.ids import is_id
from heroesite.records.filters.filters import SearchField
from heroesite.text import printable

LOOKUPS = {"", "exact", "id__exact", "isnull"}
"""The lookups that the admin's own list filters use in URLs."""


class RowsField(forms.ModelMultipleChoiceField):
    """Rows selected by id. An id that no database can look up is an error."""

    def clean(self, value: Any) -> Any:
        for key in value or ():
            if not is_id(str(key)):
                message = self.error_messages["invalid_pk_value"]
                raise ValidationError(message, code="invalid_pk_value", params={"pk": printable(str(key))})
        return super().clean(value)


class StrictModelAdmin(admin.ModelAdmin):
    """An admin that reports malformed URLs and forms as errors, where Django raises exceptions."""

    def action_checkbox(self, obj: Any) -> SafeString:
        """Return the checkbox that selects a row. Django would render three templates for each."""
        return format_html(
            '<input type="checkbox" name="{}" value="{}" class="action-select" aria-label="{}">',
            ACTION_CHECKBOX_NAME,
            str(obj.pk),
            gettext("Select %(record)s") % {"record": obj},
        )

    def is_key(self, text: str) -> bool:
        """Return whether ``text`` can be a primary key of the model."""
        return is_id(text)

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        field, _separator, operator = lookup.partition("__")
        return field in self.get_list_filter(request) and operator in LOOKUPS

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Reject an invalid query, where Django would drop it and list everything."""
        try:
            return super().get_changelist_instance(request)
        except DisallowedModelAdminLookup as error:
            raise BadRequest(_("Unknown parameter. Use the filters of this list.")) from error
        except IncorrectLookupParameters as error:
            messages = chain.from_iterable(getattr(each, "messages", [str(each)]) for each in error.args)
            text = _("We couldn't apply these filters: %(errors)s")
            raise BadRequest(text % {"errors": " ".join(map(printable, messages))}) from error

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, **{"form_class": RowsField, **kwargs})

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return super().get_object(request, object_id, from_field) if self.is_key(object_id) else None

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        try:
            words = SearchField(required=False).clean(search_term)
        except ValidationError as error:
            raise BadRequest(error.messages[0]) from error
        return self.search(request, queryset, words)

    def search(self, request: HttpRequest, queryset: Any, words: list[str]) -> tuple[Any, bool]:
        """Return the rows that contain all of ``words``, and whether there may be duplicates."""
        return super().get_search_results(request, queryset, " ".join(words))

    def response_action(self, request: HttpRequest, queryset: Any, *args: Any, **kwargs: Any) -> Any:
        if not all(map(self.is_key, request.POST.getlist("_selected_action"))):
            self.message_user(request, _("That selection isn't valid. Select again."), ERROR)
            return None
        return super().response_action(request, queryset, *args, **kwargs)


class ReadOnlyModelAdmin(StrictModelAdmin):
    """An admin in which nobody can add, change or delete."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
