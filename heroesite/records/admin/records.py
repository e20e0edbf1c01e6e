"""The admin of records, with the forms, filters, rules and permissions of the website."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.templatetags.admin_list import result_headers
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.cache import add_never_cache_headers
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from heroesite.ids import is_id
from heroesite.records.admin.base import StrictModelAdmin
from heroesite.records.admin.filters import FilterSetListFilter, filter_names
from heroesite.records.admin.rows import admin_rows
from heroesite.records.audit.change_sets import Source
from heroesite.records.audit.disclosures import Disclosure
from heroesite.records.counts import Count, count_rows
from heroesite.records.filters.filtersets import LAST_OFFSET, RecordFilterSet
from heroesite.records.filters.ids_first import counts_first, rows_at
from heroesite.records.forms.record_form import RecordForm
from heroesite.records.models.base import Record
from heroesite.records.permissions import MASK, disclosable_fields, unrestricted_fields
from heroesite.records.retries import retry_on_conflict


class RecordSelect(AutocompleteSelect):
    """Looks up valid ids only. For any other value, the form's field has the error message."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        return super().optgroups(name, [text for text in value if is_id(str(text))], attr)


class RecordPaginator(Paginator):
    """Counts a list of records without reading all of them.

    If the count isn't exact, ``num_pages`` is the number of pages that are known to exist.
    """

    @cached_property
    def total(self) -> Count:
        rows: Any = self.object_list
        return count_rows(rows)

    @property
    def count(self) -> int:
        return self.total.number

    def validate_number(self, number: Any) -> int:
        """Return the number of a page, after looking for it if it is beyond the count."""
        if not self.total.is_exact and self.num_pages <= number <= LAST_OFFSET // self.per_page:
            rows: Any = self.object_list
            start = (number - 1) * self.per_page
            found = rows.order_by()[start : start + self.per_page + 1].count()
            if found:
                self.num_pages = number + (found > self.per_page)
        return super().validate_number(number)

    def page(self, number: Any) -> Page:
        number = self.validate_number(number)
        rows: Any = self.object_list
        start, has_few_matches = (number - 1) * self.per_page, counts_first(rows) and self.total.is_exact
        return Page(rows_at(rows, start, self.per_page, has_few_matches=has_few_matches), number, self)

    def get_elided_page_range(self, number: Any = 1, **kwargs: Any) -> Iterator[str | int]:
        yield from super().get_elided_page_range(number, **kwargs)
        if not self.total.is_exact and number < self.num_pages:
            yield str(self.ELLIPSIS)


class RecordChangeList(ChangeList):
    """A list with the headers and rows for ``admin/records/record_list.html``."""

    @cached_property
    def headers(self) -> list[dict[str, Any]]:
        return list(result_headers(self))

    @property
    def number_of_sorted_headers(self) -> int:
        return sum(header["sortable"] and header["sorted"] for header in self.headers)

    @property
    def rows(self) -> list[list[SafeString]]:
        """The rows, each with the HTML of all its cells, which Django would render one by one."""
        columns: Any = self.list_display
        names = tuple(name for name in columns if name != "action_checkbox")
        empty, has_actions = self.model_admin.get_empty_value_display(), len(names) < len(columns)
        rows = admin_rows(self.model_admin.model, names, empty, has_actions, bool(self.is_popup))
        return [[cells] for cells in rows.render(self)]

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.paginator.total.is_exact:
            self.full_result_count = self.result_count  # so that the search form doesn't show it as exact


def respond(view: Callable[..., Any], request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
    """Return the response of ``view``; a POST is retried if it conflicts with another write."""
    return (retry_on_conflict(view) if request.method == "POST" else view)(request, *args, **kwargs)


class RecordAdmin(StrictModelAdmin):
    """The admin of one record type."""

    model: type[Record]

    form: type[RecordForm]
    filterset_class: type[RecordFilterSet]
    search_fields = ["name"]
    readonly_fields: ClassVar[tuple[str, ...]] = Record.AUTOMATIC
    change_list_template = "admin/records/record_list.html"
    change_form_template = "admin/records/change_form.html"
    delete_confirmation_template = "admin/records/delete_confirmation.html"
    delete_selected_confirmation_template = "admin/records/delete_confirmation.html"
    show_full_result_count = False
    paginator = RecordPaginator

    def view_on_site(self, obj: Any) -> str:
        return obj.get_absolute_url()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RecordChangeList

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return (*unrestricted_fields(self.model), "updated_at")

    def get_list_select_related(self, request: HttpRequest) -> list[str]:
        return list(self.model.link_names())

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        return list(self.model.link_names())

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [partial(FilterSetListFilter, filterset_class=self.filterset_class)]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_foreignkey(
            db_field, request, **{**kwargs, "widget": RecordSelect(db_field, self.admin_site)}
        )

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        return lookup in filter_names(self.filterset_class)

    def search(self, request: HttpRequest, queryset: Any, words: list[str]) -> tuple[Any, bool]:
        return queryset.search(words), False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out the restricted fields for users who can't change the record."""
        if obj is None:
            return (*self.model.FIELDS, "submission")
        if not self.has_change_permission(request, obj):
            return (*unrestricted_fields(self.model), *self.get_readonly_fields(request, obj))
        return (*self.model.FIELDS, *self.get_readonly_fields(request, obj), "seen_version")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        hidden = ("hidden_values",) if obj and disclosable_fields(request.user, self.model) else ()
        return (*hidden, *self.readonly_fields)

    @admin.display(description=_("hidden values"))
    def hidden_values(self, record: Record) -> str:
        """The restricted fields, masked."""
        return ", ".join(f"{record.label(name)} {MASK}" for name in record.RESTRICTED)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the record, locked if a form is about to change it."""
        found = super().get_object(request, object_id, from_field)
        if found and request.method == "POST":
            return self.get_queryset(request).select_for_update().filter(pk=found.pk).first()
        return found

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        form.write(request.user)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Return the form with status 409 if someone else has changed the record since it was opened."""
        response = respond(partial(self.create_once, super().changeform_view), request, *args, **kwargs)
        context = getattr(response, "context_data", None) or {}
        is_conflict = "adminform" in context and context["adminform"].form.merge_fields is not None
        if request.method == "POST" and is_conflict:
            response.status_code = 409
        return response

    def create_once(
        self, view: Callable[..., Any], request: HttpRequest, object_id: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        """Respond with the record if this form has already created it; otherwise call ``view``."""
        if object_id or request.method != "POST":
            return view(request, object_id, *args, **kwargs)
        form: Any = self.get_form(request)(request.POST)
        if not form.created_pk(request.user):
            response = view(request, object_id, *args, **kwargs)
            is_rejected = "adminform" in (getattr(response, "context_data", None) or {})
            if not is_rejected or not form.created_pk(request.user):
                return response
        pk = form.created_pk(request.user)
        if IS_POPUP_VAR in request.POST and (record := self.model.load(int(pk))):
            return self.response_add(request, record)  # selects the record in the form that opened the popup
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", pk)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> Any:
        """Redirect to the page of a deleted record; a form goes to the page that can restore it."""
        entry = self.model.deletion_entry(object_id) if is_id(object_id) else None
        if entry is None:
            return super()._get_obj_does_not_exist_redirect(request, opts, object_id)  # type: ignore[misc]
        posted = request.method == "POST"
        name = f"{opts.app_label}:{'update' if posted else 'detail'}"
        return redirect(name, entry.id, preserve_request=posted)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Redirect to the record's history on the website."""
        key = unquote(object_id)
        if is_id(key) and self.model.history.filter(id=key).exists():
            return redirect(f"{self.opts.app_label}:history", key)
        return self._get_obj_does_not_exist_redirect(request, self.opts, key)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return respond(super().delete_view, request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return respond(super().changelist_view, request, *args, **kwargs)

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_reveal"
        reveal = path("<path:object_id>/reveal/", self.admin_site.admin_view(self.reveal), name=name)
        return [*([reveal] if self.model.RESTRICTED else []), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        labels = [self.model.object_name_of(name) for name in disclosable_fields(request.user, self.model)]
        context = {**(extra_context or {}), "revealable": ", ".join(labels)}
        return super().change_view(request, object_id, form_url, context)

    def reveal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the restricted values of a record, and log the access."""
        record = super().get_object(request, unquote(object_id))
        if record is None:
            raise Http404
        fields = disclosable_fields(request.user, self.model)
        if not fields or not self.has_view_permission(request, record):
            raise PermissionDenied
        if request.method != "POST":
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", record.pk)
        for field in fields:
            Disclosure.objects.record(request.user, Source.ADMIN, field, [record])
        context = {
            **self.admin_site.each_context(request),
            "title": str(record),
            "opts": self.opts,
            "original": record,
            "revealed": [(self.model.label(name), getattr(record, name)) for name in fields],
        }
        response = TemplateResponse(request, "admin/records/reveal.html", context)
        add_never_cache_headers(response)
        return response
