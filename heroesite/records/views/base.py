"""The base classes of record pages."""

from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.mixins import AccessMixin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import capfirst
from django.views.generic import TemplateView

from heroesite.records.audit.change_sets import recorded_change_set_id
from heroesite.records.filters.filtersets import RecordFilterSet
from heroesite.records.forms.record_form import RecordForm
from heroesite.records.models.base import Record
from heroesite.records.permissions import AllowedActions, disclosable_fields, is_allowed, unrestricted_fields


def add_undoable_message(request: HttpRequest, message: str) -> None:
    """Show a message on the next page, with a button that undoes what this request has written."""
    messages.success(request, message, extra_tags=str(recorded_change_set_id() or ""))


class RecordView(AccessMixin, TemplateView):
    """Base of pages of one record type.

    A subclass names a ``template``. A template in the folder of the model's app overrides that in
    ``records/``.
    """

    model: type[Record] = Record  # type: ignore[type-abstract]
    filterset_class: type[RecordFilterSet] = RecordFilterSet
    form_class: type[RecordForm] = RecordForm
    template: ClassVar[str]
    action: ClassVar[str] = "view"
    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not is_allowed(request.user, self.action, self.model):
            return self.handle_no_permission()
        return super().dispatch(request, *args, **kwargs)

    def get_template_names(self) -> list[str]:
        return [f"{self.model._meta.app_label}/{self.template}.html", f"records/{self.template}.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        meta = self.model._meta
        return super().get_context_data(
            opts=meta,
            can=AllowedActions(self.request.user, self.model),
            url={action: self.address(action) for action in ("list", "create")},
            fields=self.model.FIELDS,
            unrestricted_fields=unrestricted_fields(self.model),
            **kwargs,
        )

    def address(self, action: str, record: Any = None) -> str:
        """Return the address of an action on a record, or on a history entry's record."""
        return reverse(f"{self.model._meta.app_label}:{action}", args=[record.id] if record else [])

    @property
    def type_name(self) -> str:
        return capfirst(str(self.model._meta.verbose_name))


class SingleRecordView(RecordView):
    """Base of pages of one record. If it has been deleted, the page says so."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().dispatch(request, *args, **kwargs)
        except Http404:
            entry = self.model.deletion_entry(kwargs.get("pk"))
            if entry is None:
                raise
            context = self.get_context_data(entry=entry, at={"restore": self.address("restore", entry)})
            return render(request, "records/deleted_record.html", context, status=404)

    def get_record(self, *, lock: bool = False) -> Record:
        """Return the record, locked if the rest of this transaction changes it."""
        record = self.model.load(self.kwargs["pk"], lock=lock)
        if record is None:
            raise Http404
        return record

    def render_record(self, record: Record, **context: Any) -> HttpResponse:
        context |= {"record": record, "disclosable": disclosable_fields(self.request.user, self.model)}
        actions = ["detail", "update", "delete", *(["reveal"] if context["disclosable"] else [])]
        context["at"] = {action: self.address(action, record) for action in actions}
        return self.render_to_response(self.get_context_data(**context))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render_record(self.get_record())
