"""Pages for records: list, detail, create, update, delete and reveal, in the order of a request."""

from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.mixins import AccessMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.decorators import method_decorator
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from .access import Permissions, disclosable, may, open_fields
from .changes import Door
from .filters import RecordFilterSet
from .forms import RecordForm
from .models import Disclosure, Record
from .races import again_after_race


class RecordPage(AccessMixin, TemplateView):
    """A page about one kind of record, which ``as_view`` is told.

    A subclass names a ``template`` that is looked for among the templates of the model's app first and
    of all records then.
    """

    model: type[Record] = Record  # type: ignore[type-abstract]
    filterset_class: type[RecordFilterSet] = RecordFilterSet
    form_class: type[RecordForm] = RecordForm
    template: ClassVar[str]
    action: ClassVar[str] = "view"
    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not may(request.user, self.action, self.model):
            return self.handle_no_permission()
        return super().dispatch(request, *args, **kwargs)

    def get_template_names(self) -> list[str]:
        return [f"{self.model._meta.app_label}/{self.template}.html", f"records/{self.template}.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        meta = self.model._meta
        return super().get_context_data(
            kind=meta,
            can=Permissions(self.request.user, self.model),
            url={action: self.address(action) for action in ("list", "create")},
            fields=self.model.FIELDS,
            open_fields=open_fields(self.model),
            **kwargs,
        )

    def address(self, action: str, record: Record | None = None) -> str:
        return reverse(f"{self.model._meta.app_label}:{action}", args=[record.pk] if record else [])

    @property
    def kind(self) -> str:
        return capfirst(str(self.model._meta.verbose_name))


class StoredRecordPage(RecordPage):
    """A page about the record whose id is in the address."""

    def find(self, *, for_writing: bool = False) -> Record:
        """The record, locked where the rest of this transaction changes it."""
        records: Any = self.model.objects
        records = records.select_for_update() if for_writing else records.with_links()
        return get_object_or_404(records, pk=self.kwargs["pk"])

    def show(self, record: Record, **context: Any) -> HttpResponse:
        context |= {"record": record, "disclosable": disclosable(self.request.user, self.model)}
        actions = ["detail", "update", "delete", *(["reveal"] if context["disclosable"] else [])]
        context["at"] = {action: self.address(action, record) for action in actions}
        return self.render_to_response(self.get_context_data(**context))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.show(self.find())


class RecordList(RecordPage):
    template = "list"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        records = self.model.objects.with_links()
        filterset = self.filterset_class(request.GET, queryset=records)
        context = self.get_context_data(
            filterset=filterset,
            page=filterset.page(),
            columns=self.columns(),
            kept=("ordering", "limit"),
        )
        return self.render_to_response(context, status=200 if filterset.is_valid() else 400)

    def columns(self) -> list[dict[str, str]]:
        """The columns, each with the order that a click on its head asks for."""
        order = self.request.GET.get("ordering") or "name"
        return [
            {
                "name": name,
                "label": self.model.label(name),
                "next": f"-{name}" if order == name else name,
                "sorted": {name: "ascending", f"-{name}": "descending"}.get(order, ""),
            }
            for name in (*open_fields(self.model), "updated_at")
        ]


class RecordDetail(StoredRecordPage):
    template = "detail"


class RecordReveal(StoredRecordPage):
    """Shows the restricted values once, on request, and notes that it did."""

    template = "detail"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect(self.find())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        fields = disclosable(request.user, self.model)
        if not fields:
            return self.handle_no_permission()
        record = self.find()
        for field in fields:
            Disclosure.objects.record(request.user, Door.PAGE, field, [record])
        answer = self.show(record, revealed={field: getattr(record, field) for field in fields})
        add_never_cache_headers(answer)
        return answer


class RecordFormPage(StoredRecordPage):
    """A form for one record, new or stored."""

    template = "form"
    done: ClassVar[Any]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        record = self.find()
        return self.show_form(self.form_class(instance=record), str(record))

    @method_decorator(again_after_race)
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        record = self.find(for_writing=True)
        title, version = str(record), record.version
        form = self.form_class(request.POST, instance=record)
        if not form.is_valid():
            return self.show_form(form, title, status=422)
        new = record.pk is None
        form.write(request.user)
        changed = new or record.version > version
        words = self.done if changed else gettext_lazy("%(kind)s “%(name)s” is as it was.")
        messages.success(request, words % {"kind": self.kind, "name": record})
        return redirect(record)

    def show_form(self, form: RecordForm, title: str, status: int = 200) -> HttpResponse:
        context = self.get_context_data(form=form, title=title, record=form.instance)
        answer = self.render_to_response(context, status=status)
        add_never_cache_headers(answer)
        return answer


class RecordCreate(RecordFormPage):
    action = "add"
    done = gettext_lazy("%(kind)s “%(name)s” was created.")

    def find(self, *, for_writing: bool = False) -> Record:
        return self.model()


class RecordUpdate(RecordFormPage):
    action = "change"
    done = gettext_lazy("%(kind)s “%(name)s” was saved.")


class RecordDelete(StoredRecordPage):
    """Says what a deletion would touch, and deletes."""

    template = "delete"
    action = "delete"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        record = self.find()
        return self.show(record, consequences=record.consequences_of_deletion())

    @method_decorator(again_after_race)
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        record = self.find(for_writing=True)
        record.delete()
        messages.success(request, _("%(kind)s “%(name)s” was deleted.") % {"kind": self.kind, "name": record})
        return redirect(self.address("list"))
