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
    """The form of one record, new or stored."""

    template = "form"
    success_message: ClassVar[Any]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        record = self.get_record()
        return self.render_form(self.form_class(instance=record), str(record))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "check" in request.GET:
            return self.check_field(request, request.GET["check"])
        return retry_on_conflict(self.save)(request)

    def save(self, request: HttpRequest) -> HttpResponse:
        """Save the form. It runs in a transaction, and again if it conflicts with another write."""
        record = self.get_record(lock=True)
        title, version = str(record), record.version
        form = self.form_class(request.POST, instance=record)
        is_valid = form.is_valid()
        if created_pk := form.created_pk(request.user):
            return redirect(f"{self.model._meta.app_label}:detail", created_pk)
        if not is_valid:
            return self.render_form(form, title, status=422 if form.merge_fields is None else 409)
        new = record._state.adding
        form.write(request.user)
        changed = new or record.version > version
        message = self.success_message if changed else gettext_lazy("No changes to save.")
        add_undoable_message(request, message % {"model_name": self.type_name, "name": record})
        return redirect(record)

    def check_field(self, request: HttpRequest, name: str) -> HttpResponse:
        """Render the errors of one field of an unfinished form, without a transaction."""
        form = self.form_class(request.POST, instance=self.get_record())
        if name not in form.fields:
            raise BadRequest(_("This form has no such field."))
        form.is_valid()
        response = render(request, "_field_errors.html", {"field": form[name]})
        add_never_cache_headers(response)
        return response

    def render_form(self, form: RecordForm, title: str, status: int = 200, **more: Any) -> HttpResponse:
        context = self.get_context_data(form=form, title=title, record=form.instance, **more)
        response = self.render_to_response(context, status=status)
        add_never_cache_headers(response)
        return response

    def render_deleted(self, form: RecordForm, entry: Any) -> HttpResponse:
        """Render the form of a record that was deleted during the edit. Saving it restores the record."""
        action = self.address("update", entry)
        return self.render_form(form, entry.name, status=409, deletion=entry, action=action)


class RecordCreateView(RecordFormView):
    action = "add"
    success_message = gettext_lazy("%(model_name)s “%(name)s” created.")

    def get_record(self, *, lock: bool = False) -> Record:
        return self.model()


class RecordUpdateView(RecordFormView):
    """Changes a record; if it was deleted after the form was opened, the form can restore it."""

    action = "change"
    success_message = gettext_lazy("%(model_name)s “%(name)s” saved.")

    def save(self, request: HttpRequest) -> HttpResponse:
        try:
            return super().save(request)
        except Http404:
            entry = self.model.deletion_entry(self.kwargs["pk"])
            if entry is None:
                raise
        form = self.form_class(request.POST, instance=self.model.from_deleted_entry(entry))
        if not (form.is_valid() and request.POST.get("restore_version") == str(entry.version)):
            return self.render_deleted(form, entry)
        if not is_allowed(request.user, "add", self.model):
            return self.handle_no_permission()
        form.write(request.user)
        return redirect_to_restored(request, form.instance, self.type_name)


class RecordRestoreView(RecordFormView):
    """Restores a deleted record; if validation fails, shows its form to correct the values."""

    action = "add"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect(f"{self.model._meta.app_label}:detail", kwargs["pk"])

    def check_field(self, request: HttpRequest, name: str) -> HttpResponse:
        raise BadRequest(_("This form has no such field."))

    def save(self, request: HttpRequest) -> HttpResponse:
        entry = self.model.deletion_entry(self.kwargs["pk"])
        if entry is None:
            return redirect(self.get_record())
        record = self.model.from_deleted_entry(entry)
        try:
            record.full_clean()
        except ValidationError:
            form = self.form_class(model_to_dict(record, unrestricted_fields(self.model)), instance=record)
            return self.render_deleted(form, entry)
        record.save()
        return redirect_to_restored(request, record, self.type_name)


def redirect_to_restored(request: HttpRequest, record: Record, type_name: str) -> HttpResponse:
    add_undoable_message(
        request, _("%(model_name)s “%(name)s” restored.") % {"model_name": type_name, "name": record}
    )
    return redirect(record)


class RecordDeleteView(SingleRecordView):
    """Shows what a deletion would change, and deletes."""

    template = "delete"
    action = "delete"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        record = self.get_record()
        return self.render_record(record, consequences=record.deletion_effects())

    @method_decorator(retry_on_conflict)
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        record = self.get_record(lock=True)
        record.delete()
        add_undoable_message(
            request, _("%(model_name)s “%(name)s” deleted.") % {"model_name": self.type_name, "name": record}
        )
        return redirect(self.address("list"))
