"""The filters of the website's lists, for the admin's lists."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from heroesite.record_choices import RecordChoiceField
from heroesite.records.filters.filtersets import RecordFilterSet
from heroesite.records.filters.forms import PAGING


def filter_names(filterset_class: type[RecordFilterSet]) -> list[str | None]:
    """Return the parameters that filter. The admin searches, sorts and pages by itself."""
    return [name for name in filterset_class.base_filters if name not in {"search", *PAGING}]


class FilterSetListFilter(admin.ListFilter):
    """The filters of a record type as one list filter of the admin, with the same parameters."""

    title = _("field")
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
        for field in self.filterset.form.fields.values():
            if isinstance(field, RecordChoiceField):
                field.most_listed = None  # the admin's filters can't search for a record
        self.others = {name: text for name, text in request.GET.items() if name not in data and name != "p"}

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return filter_names(self.filterset_class)

    def choices(self, changelist: Any) -> Any:
        return [field for field in self.filterset.visible_fields if field.name != "search"]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.filterset.is_valid():
            errors = self.filterset.errors.items()
            raise IncorrectLookupParameters(
                *(f"{name}: {' '.join(map(str, messages))}" for name, messages in errors)
            )
        return queryset & self.filterset.filter_queryset(queryset.order_by())
