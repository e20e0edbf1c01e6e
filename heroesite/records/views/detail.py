"""Pages that show one record."""

from datetime import datetime
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from heroesite.errors import error_response
from heroesite.records.audit.change_sets import Source
from heroesite.records.audit.disclosures import Disclosure
from heroesite.records.audit.entries import Entry
from heroesite.records.filters.forms import AsOfForm
from heroesite.records.permissions import disclosable_fields, unrestricted_fields
from heroesite.records.views.base import SingleRecordView


class RecordDetailView(SingleRecordView):
    """Shows a record, with ``?as_of=`` at an earlier time."""

    template = "detail"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "as_of" not in request.GET:
            return super().get(request, *args, **kwargs)
        form = AsOfForm(request.GET)
        if not form.is_valid():
            errors = (f"{name}: {error}" for name, messages in form.errors.items() for error in messages)
            raise BadRequest(" ".join(errors))
        return self.show_as_of(form.cleaned_data["as_of"])

    def show_as_of(self, instant: datetime) -> HttpResponse:
        entry = self.model.entry_as_of(self.kwargs["pk"], instant)
        params = {"model_name": self.model._meta.verbose_name, "instant": instant.isoformat()}
        if entry is None:
            return error_response(
                self.request, 404, _("This %(model_name)s did not exist yet at %(instant)s.") % params
            )
        if entry.history_type == Entry.DELETED:
            message = _("The %(model_name)s “%(name)s” had already been deleted at %(instant)s.")
            return error_response(self.request, 404, message % (params | {"name": entry.name}))
        visible = {*unrestricted_fields(self.model), *disclosable_fields(self.request.user, self.model)}
        rows = [self.row(entry, name) for name in self.model.FIELDS if name in visible and name != "name"]
        context = self.get_context_data(entry=entry, rows=rows, instant=instant)
        return render(self.request, "records/as_of.html", context)

    def row(self, entry: Any, name: str) -> dict[str, Any]:
        """Return a field at ``entry``; a restricted one without its value."""
        row = {"label": self.model.label(name), "erased": name in entry.erased}
        if name in self.model.RESTRICTED:
            return row | {"masked": True}
        field: Any = self.model._meta.get_field(name)
        value = getattr(entry, field.attname)
        if name in self.model.link_names() and value is not None:
            value = field.related_model.records_or_last_names([value]).get(value)
        return row | {"content": value}


class RecordRevealView(SingleRecordView):
    """Shows restricted values, and logs the access."""

    template = "detail"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect(self.get_record())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        fields = disclosable_fields(request.user, self.model)
        if not fields:
            return self.handle_no_permission()
        record = self.get_record()
        for field in fields:
            Disclosure.objects.record(request.user, Source.WEBSITE, field, [record])
        response = self.render_record(record, revealed={field: getattr(record, field) for field in fields})
        add_never_cache_headers(response)
        return response
