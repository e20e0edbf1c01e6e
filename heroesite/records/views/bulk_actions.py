"""Pages that preview and run a bulk action on selected rows."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.cache import add_never_cache_headers
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from heroesite.ids import is_id
from heroesite.record_choices import text_parameter
from heroesite.records.filters.filtersets import LIMIT
from heroesite.records.filters.typed_names import TypedNamesMixin
from heroesite.records.models.base import Record
from heroesite.records.retries import retry_on_conflict
from heroesite.records.views.base import RecordView, add_undoable_message
from heroesite.text import printable
from heroesite.validators import REQUIRED


class SelectedRecordsField(forms.Field):
    """Selected rows, each as the id of a record and the version that was shown: ``7-3``."""

    widget = forms.MultipleHiddenInput
    default_error_messages = {
        "required": _("Select at least one row."),
        "invalid": _("That selection isn't valid. Go back to the list and select again."),
        "too_many": _("Select at most %(most)d rows."),
    }

    def to_python(self, value: Any) -> dict[int, int]:
        pairs = [text.partition("-") for text in value or []]
        if len(pairs) > LIMIT:
            raise ValidationError(self.error_messages["too_many"], "too_many", {"most": LIMIT})
        if not all(is_id(pk) and is_id(version) for pk, _dash, version in pairs):
            raise ValidationError(self.error_messages["invalid"], "invalid")
        return {int(pk): int(version) for pk, _dash, version in pairs}


class SelectionForm(TypedNamesMixin, forms.Form):
    """The selected rows, and the query of their list."""

    record = SelectedRecordsField()
    query = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict, *, others: Iterable[str]) -> None:
        """
        Args:
            others: other parameters that the form ignores.
        """
        super().__init__(data)
        self.others = {*others, "csrfmiddlewaretoken"}

    def clean(self) -> dict[str, Any]:
        for name in set(self.data) - set(self.fields) - self.others:
            message = _("Unknown parameter “%(name)s”. Go back to the list and select again.")
            raise ValidationError(message, "unknown", {"name": printable(name)})
        for name in set(self.fields) - set(SelectionForm.base_fields) - set(self.data):
            self.add_error(name, ValidationError(REQUIRED, code="required"))
        return super().clean() or self.cleaned_data


@cache
def links_form_class(model: type[Record]) -> type[forms.Form]:
    """Return the class of the form that sets links on all selected records."""
    return type("LinksForm", (forms.Form,), {link: link_field(model, link) for link in model.link_names()})


@cache
def link_selection_form_class(model: type[Record], link: str) -> type[SelectionForm]:
    """Return the class of the form with the selected rows and the new value of one link."""
    return type("LinkSelectionForm", (SelectionForm,), {link: link_field(model, link)})


def link_field(model: type[Record], link: str) -> forms.Field:
    field: Any = model._meta.get_field(link)
    form_field: forms.Field = field.formfield()
    return form_field


class BulkActionView(RecordView):
    """Previews an action on the selected records, and runs it after confirmation.

    Records that have changed since they were selected are shown first, and those that have changed since the
    preview are shown again.
    """

    template = "selection"

    def get_selection_form_class(self) -> type[SelectionForm]:
        return SelectionForm

    def form(self, data: QueryDict) -> SelectionForm:
        links = self.model.link_names()
        return self.get_selection_form_class()(data, others=[*links, *map(text_parameter, links)])

    def success_message(self, count: int) -> str:
        """Return the message about ``count`` changed records."""
        raise NotImplementedError

    def write(self, keys: Iterable[int], form: SelectionForm) -> int:
        """Run the action. Return the number of records that it changed."""
        raise NotImplementedError

    def preview(self, records: Any, form: SelectionForm) -> dict[str, Any]:
        """Return the preview, for the template."""
        raise NotImplementedError

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render_preview(self.form(request.GET))

    @method_decorator(retry_on_conflict)
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.render_preview(form)
        seen = form.cleaned_data["record"]
        records = self.model.objects.filter(pk__in=seen).locked()
        if len(records) < len(seen) or any(record.version != seen[record.pk] for record in records):
            return self.render_preview(form, status=409)
        count = self.write(seen, form)
        add_undoable_message(request, self.success_message(count))
        query = QueryDict(form.cleaned_data["query"]).urlencode()
        return redirect(f"{self.address('list')}?{query}" if query else self.address("list"))

    def render_preview(self, form: SelectionForm, status: int = 200) -> HttpResponse:
        """Render the preview, which shows what has changed since the records were selected or previewed."""
        context: dict[str, Any] = {"form": form, "records": []}
        if not form.is_valid():
            status = 422 if self.request.method == "POST" else 400
        keys = form.cleaned_data.get("record", {})
        records = list(self.model.objects.filter(pk__in=keys).with_links()) if keys else []
        if keys:
            context["missing"] = len(keys) - len(records)
            context["changed"] = [record for record in records if record.version != keys[record.pk]]
        if keys and not form.is_valid():
            rejected = set(form.errors) & set(self.model.link_names())
            context["rejected_links"] = [form[name] for name in sorted(rejected)]
        if records and form.is_valid():
            context |= {"records": records, **self.preview(records, form)}
        response = self.render_to_response(self.get_context_data(**context), status=status)
        add_never_cache_headers(response)
        return response

    def message_params(self, count: int) -> dict[str, Any]:
        """Return the number and the name of the record type, for a sentence."""
        meta = self.model._meta
        return {
            "count": count,
            "model_name_plural": meta.verbose_name if count == 1 else meta.verbose_name_plural,
        }


class BulkDeleteView(BulkActionView):
    action = "delete"

    def success_message(self, count: int) -> str:
        message = ngettext(
            "%(count)d %(model_name_plural)s deleted.", "%(count)d %(model_name_plural)s deleted.", count
        )
        return message % self.message_params(count)

    def preview(self, records: Any, form: SelectionForm) -> dict[str, Any]:
        keys = [record.pk for record in records]
        message = ngettext(
            "Delete %(count)d %(model_name_plural)s?", "Delete %(count)d %(model_name_plural)s?", len(keys)
        )
        consequences = self.model.objects.filter(pk__in=keys).deletion_effects()
        return {
            "question": message % self.message_params(len(keys)),
            "consequences": consequences,
            "danger": True,
        }

    def write(self, keys: Iterable[int], form: SelectionForm) -> int:
        deleted: int = self.model.objects.filter(pk__in=keys).delete()[0]
        return deleted


class BulkUpdateView(BulkActionView):
    """Sets the link that the URL names on all selected records."""

    action = "change"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if kwargs["link"] not in self.model.link_names():
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get_selection_form_class(self) -> type[SelectionForm]:
        return link_selection_form_class(self.model, self.kwargs["link"])

    def success_message(self, count: int) -> str:
        message = ngettext(
            "%(count)d %(model_name_plural)s moved.", "%(count)d %(model_name_plural)s moved.", count
        )
        return message % self.message_params(count)

    def preview(self, records: Any, form: SelectionForm) -> dict[str, Any]:
        link = self.kwargs["link"]
        target = form.cleaned_data.get(link)
        changed = [record for record in records if getattr(record, link) != target]
        message = ngettext(
            "Move %(count)d %(model_name_plural)s?", "Move %(count)d %(model_name_plural)s?", len(changed)
        )
        return {
            "question": message % self.message_params(len(changed)),
            "link": link,
            "target": target,
            "idle": not changed,
            "unchanged": self.unchanged(len(records) - len(changed), target),
        }

    def unchanged(self, count: int, target: Any) -> str:
        """Return a sentence about the records that already have ``target``; empty if there are none."""
        if not count:
            return ""
        message = (
            ngettext(
                "%(count)d %(model_name_plural)s is already in this %(link)s and won't change.",
                "%(count)d %(model_name_plural)s are already in this %(link)s and won't change.",
                count,
            )
            if target
            else ngettext(
                "%(count)d %(model_name_plural)s already has no %(link)s and won't change.",
                "%(count)d %(model_name_plural)s already have no %(link)s and won't change.",
                count,
            )
        )
        return message % {
            **self.message_params(count),
            "link": self.model.verbose_name_of(self.kwargs["link"]),
        }

    def write(self, keys: Iterable[int], form: SelectionForm) -> int:
        link = self.kwargs["link"]
        return self.model.objects.filter(pk__in=keys).update(**{link: form.cleaned_data[link]})
