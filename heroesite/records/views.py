"""Pages about one record: detail, create, update, delete and reveal, in the order of a request."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.mixins import AccessMixin
from django.core.exceptions import BadRequest, ValidationError
from django.forms.models import model_to_dict
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.decorators import method_decorator
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from heroesite.errors import refuse

from .access import Permissions, disclosable, may, open_fields
from .changes import Door, Entry, change_set_so_far
from .filters import RecordFilterSet
from .forms import RecordForm
from .models import Disclosure, Record
from .query_forms import AsOfForm
from .races import again_after_race


def tell_written(request: HttpRequest, words: str) -> None:
    """Say on the next page what was done, beside a button that undoes it if anything was written."""
    messages.success(request, words, extra_tags=str(change_set_so_far() or ""))


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

    def address(self, action: str, record: Any = None) -> str:
        """Where an action is, for a record or an entry in its history."""
        return reverse(f"{self.model._meta.app_label}:{action}", args=[record.id] if record else [])

    @property
    def kind(self) -> str:
        return capfirst(str(self.model._meta.verbose_name))


class StoredRecordPage(RecordPage):
    """A page about the record whose id is in the address, or that it was deleted."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().dispatch(request, *args, **kwargs)
        except Http404:
            entry = self.model.gone(kwargs.get("pk"))
            if entry is None:
                raise
            context = self.get_context_data(entry=entry, at={"restore": self.address("restore", entry)})
            return render(request, "records/gone.html", context, status=404)

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


class RecordDetail(StoredRecordPage):
    """A record as it is, or with ``?as_of=`` as it was then."""

    template = "detail"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "as_of" not in request.GET:
            return super().get(request, *args, **kwargs)
        form = AsOfForm(request.GET)
        if not form.is_valid():
            told = (f"{name}: {fault}" for name, faults in form.errors.items() for fault in faults)
            raise BadRequest(" ".join(told))
        return self.show_as_of(form.cleaned_data["as_of"])

    def show_as_of(self, instant: datetime) -> HttpResponse:
        entry = self.model.entry_as_of(self.kwargs["pk"], instant)
        params = {"kind": self.model._meta.verbose_name, "instant": instant.isoformat()}
        if entry is None:
            return refuse(self.request, 404, _("There was no such %(kind)s yet at %(instant)s.") % params)
        if entry.history_type == Entry.DELETED:
            words = _("The %(kind)s “%(name)s” had been deleted by %(instant)s.")
            return refuse(self.request, 404, words % (params | {"name": entry.name}))
        seen = {*open_fields(self.model), *disclosable(self.request.user, self.model)}
        rows = [self.row(entry, name) for name in self.model.FIELDS if name in seen and name != "name"]
        context = self.get_context_data(entry=entry, rows=rows, instant=instant)
        return render(self.request, "records/as_of.html", context)

    def row(self, entry: Any, name: str) -> dict[str, Any]:
        """A field as ``entry`` has it; what is restricted, without its value."""
        row = {"label": self.model.label(name), "erased": name in entry.erased}
        if name in self.model.RESTRICTED:
            return row | {"masked": True}
        field: Any = self.model._meta.get_field(name)
        content = getattr(entry, field.attname)
        if name in self.model.links() and content is not None:
            content = field.related_model.last_known([content]).get(content)
        return row | {"content": content}


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
        if "check" in request.GET:
            return self.check(request, request.GET["check"])
        record = self.find(for_writing=True)
        title, version = str(record), record.version
        form = self.form_class(request.POST, instance=record)
        valid = form.is_valid()
        if made := form.made(request.user):
            return redirect(f"{self.model._meta.app_label}:detail", made)
        if not valid:
            return self.show_form(form, title, status=422 if form.choices is None else 409)
        new = record._state.adding
        form.write(request.user)
        changed = new or record.version > version
        words = self.done if changed else gettext_lazy("%(kind)s “%(name)s” is as it was.")
        tell_written(request, words % {"kind": self.kind, "name": record})
        return redirect(record)

    def check(self, request: HttpRequest, name: str) -> HttpResponse:
        """What is wrong with one field of what was filled in so far; nothing is saved."""
        form = self.form_class(request.POST, instance=self.find())
        if name not in form.fields:
            raise BadRequest(_("The form has no such field."))
        form.is_valid()
        answer = render(request, "_fault.html", {"field": form[name]})
        add_never_cache_headers(answer)
        return answer

    def show_form(self, form: RecordForm, title: str, status: int = 200, **more: Any) -> HttpResponse:
        context = self.get_context_data(form=form, title=title, record=form.instance, **more)
        answer = self.render_to_response(context, status=status)
        add_never_cache_headers(answer)
        return answer

    def show_gone(self, form: RecordForm, entry: Any) -> HttpResponse:
        """The form of a record that was deleted in the meantime, and can be brought back by it."""
        action = self.address("update", entry)
        return self.show_form(form, entry.name, status=409, gone=entry, action=action)


class RecordCreate(RecordFormPage):
    action = "add"
    done = gettext_lazy("%(kind)s “%(name)s” was created.")

    def find(self, *, for_writing: bool = False) -> Record:
        return self.model()


class RecordUpdate(RecordFormPage):
    """Changes a record; one that was deleted since the form was opened can be brought back by it."""

    action = "change"
    done = gettext_lazy("%(kind)s “%(name)s” was saved.")

    @method_decorator(again_after_race)
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().post(request, *args, **kwargs)
        except Http404:
            entry = self.model.gone(kwargs["pk"])
            if entry is None or "check" in request.GET:
                raise
        form = self.form_class(request.POST, instance=self.model.brought_back(entry))
        if not (form.is_valid() and request.POST.get("bring_back") == str(entry.version)):
            return self.show_gone(form, entry)
        if not may(request.user, "add", self.model):
            return self.handle_no_permission()
        form.write(request.user)
        return brought_back(request, form.instance, self.kind)


class RecordRestore(RecordFormPage):
    """Brings a deleted record back as it was; where that cannot be, its form, to say how else."""

    action = "add"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect(f"{self.model._meta.app_label}:detail", kwargs["pk"])

    @method_decorator(again_after_race)
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "check" in request.GET:
            raise BadRequest(_("The form has no such field."))
        entry = self.model.gone(kwargs["pk"])
        if entry is None:
            return redirect(self.find())
        record = self.model.brought_back(entry)
        try:
            record.full_clean()
        except ValidationError:
            form = self.form_class(model_to_dict(record, open_fields(self.model)), instance=record)
            return self.show_gone(form, entry)
        record.save()
        return brought_back(request, record, self.kind)


def brought_back(request: HttpRequest, record: Record, kind: str) -> HttpResponse:
    tell_written(request, _("%(kind)s “%(name)s” is back.") % {"kind": kind, "name": record})
    return redirect(record)


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
        tell_written(request, _("%(kind)s “%(name)s” was deleted.") % {"kind": self.kind, "name": record})
        return redirect(self.address("list"))
