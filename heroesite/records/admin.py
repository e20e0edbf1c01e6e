"""The admin of records: the forms, filters, rules and permissions of the pages."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext_lazy as _

from .access import MASK, disclosable, open_fields
from .changes import Door
from .fields import is_id
from .filters import RecordFilterSet
from .forms import RecordForm
from .guarded_admin import GuardedAdmin, ReadOnlyAdmin
from .models import Disclosure, Record
from .query_forms import PAGING
from .races import again_after_race


class RecordSelect(AutocompleteSelect):
    """Looks up only ids; a value that is none is told by the form's field."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        return super().optgroups(name, [text for text in value if is_id(str(text))], attr)


def narrowing(filterset_class: type[RecordFilterSet]) -> list[str | None]:
    """The parameters that stand beside the admin's list, which searches, orders and pages by itself."""
    return [name for name in filterset_class.base_filters if name not in {"search", *PAGING}]


class QueryFilter(admin.ListFilter):
    """The filters of the pages, under the names they have there, beside the admin's list."""

    title = _("fields")
    template = "admin/records/filters.html"

    def __init__(
        self,
        request: HttpRequest,
        params: dict[str, Any],
        model: Any,
        model_admin: Any,
        *,
        filterset_class: type[RecordFilterSet],
    ) -> None:
        super().__init__(request, params, model, model_admin)
        self.filterset_class = filterset_class
        data = request.GET.copy()
        for name in request.GET:
            if name in self.expected_parameters():
                params.pop(name, None)
            else:
                data.pop(name)
        self.filterset = self.filterset_class(data, queryset=model._default_manager.all())
        self.others = {name: text for name, text in request.GET.items() if name not in data and name != "p"}

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return narrowing(self.filterset_class)

    def choices(self, changelist: Any) -> Any:
        return [field for field in self.filterset.shown if field.name != "search"]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.filterset.is_valid():
            faults = self.filterset.errors.items()
            raise IncorrectLookupParameters(*(f"{name}: {' '.join(map(str, told))}" for name, told in faults))
        return queryset & self.filterset.filter_queryset(queryset.order_by())


def written(view: Callable[..., Any], request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
    """What ``view`` answers, run again where it writes and another write gets in its way."""
    return (again_after_race(view) if request.method == "POST" else view)(request, *args, **kwargs)


class RecordAdmin(GuardedAdmin):
    """The admin of one kind of record. A subclass names its form and its FilterSet."""

    form: type[RecordForm]
    filterset_class: type[RecordFilterSet]
    search_fields = ["name"]
    readonly_fields: ClassVar[tuple[str, ...]] = Record.AUTOMATIC
    change_form_template = "admin/records/change_form.html"
    delete_confirmation_template = "admin/records/delete_confirmation.html"
    delete_selected_confirmation_template = "admin/records/delete_confirmation.html"
    show_full_result_count = False

    def view_on_site(self, obj: Any) -> str:
        return obj.get_absolute_url()

    @property
    def kind(self) -> type[Record]:
        return self.model

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return (*open_fields(self.kind), "updated_at")

    def get_list_select_related(self, request: HttpRequest) -> list[str]:
        return self.kind.links()

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        return self.kind.links()

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [partial(QueryFilter, filterset_class=self.filterset_class)]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_foreignkey(
            db_field, request, **{**kwargs, "widget": RecordSelect(db_field, self.admin_site)}
        )

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        return lookup in narrowing(self.filterset_class)

    def search(self, request: HttpRequest, queryset: Any, words: list[str]) -> tuple[Any, bool]:
        return queryset.search(words), False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Those who may not change a record read it here, so restricted fields are left out for them."""
        if obj is None:
            return (*self.kind.FIELDS, "once")
        shown = self.kind.FIELDS if self.has_change_permission(request, obj) else open_fields(self.kind)
        seen = ("seen_version",) if self.has_change_permission(request, obj) else ()
        return (*shown, *self.get_readonly_fields(request, obj), *seen)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        masked = ("masked",) if obj and disclosable(request.user, self.kind) else ()
        return (*masked, *self.readonly_fields)

    @admin.display(description=_("kept hidden"))
    def masked(self, record: Record) -> str:
        """Which values stand there and are not shown unless they are revealed."""
        return ", ".join(f"{record.label(name)} {MASK}" for name in record.RESTRICTED)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found and request.method == "POST":
            return self.get_queryset(request).select_for_update().filter(pk=found.pk).first()
        return found

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        form.write(request.user)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """A form about a record that was changed since is a conflict; one about a record that was deleted
        since is handed on to the page that can bring it back with what was filled in."""
        answer = written(partial(self.once, super().changeform_view), request, *args, **kwargs)
        shown = getattr(answer, "context_data", None) or {}
        if request.method == "POST" and "adminform" in shown and shown["adminform"].form.choices is not None:
            answer.status_code = 409
        return answer

    def once(
        self, view: Callable[..., Any], request: HttpRequest, object_id: Any = None, *args: Any, **kw: Any
    ) -> Any:
        """What ``view`` answers or, where this very form has made its record already, the way there."""
        if object_id or request.method != "POST":
            return view(request, object_id, *args, **kw)
        form: Any = self.get_form(request)(request.POST)
        if not form.made(request.user):
            answer = view(request, object_id, *args, **kw)
            if answer.status_code != 200 or not form.made(request.user):
                return answer
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", form.made(request.user))

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> Any:
        entry = self.kind.gone(object_id) if is_id(object_id) else None
        if entry is None:
            return super()._get_obj_does_not_exist_redirect(request, opts, object_id)  # type: ignore[misc]
        posted = request.method == "POST"
        name = f"{opts.app_label}:{'update' if posted else 'detail'}"
        return redirect(name, entry.id, preserve_request=posted)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """The history that all doors share, at the record's page."""
        key = unquote(object_id)
        if is_id(key) and self.kind.history.filter(id=key).exists():
            return redirect(f"{self.opts.app_label}:history", key)
        return self._get_obj_does_not_exist_redirect(request, self.opts, key)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return written(super().delete_view, request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return written(super().changelist_view, request, *args, **kwargs)

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_reveal"
        reveal = path("<path:object_id>/reveal/", self.admin_site.admin_view(self.reveal), name=name)
        return [*([reveal] if self.kind.RESTRICTED else []), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        labels = [self.kind.noun(name) for name in disclosable(request.user, self.kind)]
        context = {**(extra_context or {}), "revealable": ", ".join(labels)}
        return super().change_view(request, object_id, form_url, context)

    def reveal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Shows the restricted values of a record once, and notes that it did."""
        record = self.get_object(request, unquote(object_id))
        if record is None:
            raise Http404
        fields = disclosable(request.user, self.kind)
        if not fields or not self.has_view_permission(request, record):
            raise PermissionDenied
        if request.method != "POST":
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", record.pk)
        for field in fields:
            Disclosure.objects.record(request.user, Door.ADMIN, field, [record])
        context = {
            **self.admin_site.each_context(request),
            "title": str(record),
            "opts": self.opts,
            "original": record,
            "revealed": [(self.kind.label(name), getattr(record, name)) for name in fields],
        }
        answer = TemplateResponse(request, "admin/records/reveal.html", context)
        add_never_cache_headers(answer)
        return answer


@admin.register(Disclosure)
class DisclosureAdmin(ReadOnlyAdmin):
    list_display = ("at", "username", "door", "kind", "field", "count")
    list_filter = ("door", "kind")
    search_fields = ("username", "kind")
    search_help_text = _("A user name, a kind, the id of a record: “hero 5” finds who was shown hero 5.")

    def search(self, request: HttpRequest, queryset: Any, words: list[str]) -> tuple[Any, bool]:
        """A number is the id of a record, which the list of ids is searched for as text."""
        ids = [word for word in words if is_id(word)]
        queryset = queryset.annotate(listed=Cast("ids", TextField())).filter(
            *(Q(listed__regex=rf"[\[ ]{int(word)}[,\]]") for word in ids)
        )
        return super().search(request, queryset, [word for word in words if not is_id(word)])

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_staff

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """All staff read who was shown what: it holds no secret itself."""
        return request.user.is_staff

    @admin.display(description=_("records"))
    def count(self, disclosure: Disclosure) -> int:
        return len(disclosure.ids)
