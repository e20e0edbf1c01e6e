"""Pages that create, change, restore and delete one record."""

from typing import Any, ClassVar

from django.core.exceptions import BadRequest, ValidationError
from django.forms.models import model_to_dict
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from heroesite.records.forms.record_form import RecordForm
from heroesite.records.models.base import Record
from heroesite.records.permissions import is_allowed, unrestricted_fields
from heroesite.records.retries import retry_on_conflict
from heroesite.records.views.base import SingleRecordView, add_undoable_message


class RecordFormView(SingleRecordView):
    """A form for one record, new or stored."""

    template = "form"
    done: ClassVar[Any]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        record = self.find()
        return self.show_form(self.form_class(instance=record), str(record))

    @method_decorator(retry_on_conflict)
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
        words = self.done if changed else gettext_lazy("No changes to save.")
        add_undoable_message(request, words % {"kind": self.kind, "name": record})
        return redirect(record)

    def check(self, request: HttpRequest, name: str) -> HttpResponse:
        """What is wrong with one field of what was filled in so far; nothing is saved."""
        form = self.form_class(request.POST, instance=self.find())
        if name not in form.fields:
            raise BadRequest(_("This form has no such field."))
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


class RecordCreateView(RecordFormView):
    action = "add"
    done = gettext_lazy("%(kind)s “%(name)s” created.")

    def find(self, *, for_writing: bool = False) -> Record:
        return self.model()


class RecordUpdateView(RecordFormView):
    """Changes a record; one that was deleted since the form was opened can be brought back by it."""

    action = "change"
    done = gettext_lazy("%(kind)s “%(name)s” saved.")

    @method_decorator(retry_on_conflict)
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().post(request, *args, **kwargs)
        except Http404:
            entry = self.model.deletion_entry(kwargs["pk"])
            if entry is None or "check" in request.GET:
                raise
        form = self.form_class(request.POST, instance=self.model.from_deleted_entry(entry))
        if not (form.is_valid() and request.POST.get("bring_back") == str(entry.version)):
            return self.show_gone(form, entry)
        if not is_allowed(request.user, "add", self.model):
            return self.handle_no_permission()
        form.write(request.user)
        return redirect_to_restored(request, form.instance, self.kind)


class RecordRestoreView(RecordFormView):
    """Brings a deleted record back as it was; where that cannot be, its form, to say how else."""

    action = "add"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect(f"{self.model._meta.app_label}:detail", kwargs["pk"])

    @method_decorator(retry_on_conflict)
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "check" in request.GET:
            raise BadRequest(_("This form has no such field."))
        entry = self.model.deletion_entry(kwargs["pk"])
        if entry is None:
            return redirect(self.find())
        record = self.model.from_deleted_entry(entry)
        try:
            record.full_clean()
        except ValidationError:
            form = self.form_class(model_to_dict(record, unrestricted_fields(self.model)), instance=record)
            return self.show_gone(form, entry)
        record.save()
        return redirect_to_restored(request, record, self.kind)


def redirect_to_restored(request: HttpRequest, record: Record, kind: str) -> HttpResponse:
    add_undoable_message(request, _("%(kind)s “%(name)s” restored.") % {"kind": kind, "name": record})
    return redirect(record)


class RecordDeleteView(SingleRecordView):
    """Says what a deletion would touch, and deletes."""

    template = "delete"
    action = "delete"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        record = self.find()
        return self.show(record, consequences=record.deletion_effects())

    @method_decorator(retry_on_conflict)
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        record = self.find(for_writing=True)
        record.delete()
        add_undoable_message(request, _("%(kind)s “%(name)s” deleted.") % {"kind": self.kind, "name": record})
        return redirect(self.address("list"))
