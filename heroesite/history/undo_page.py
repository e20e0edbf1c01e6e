"""Pages on which a change set is undone, and a record given the values that it had."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from heroesite.records.access import MASK
from heroesite.records.changes import ChangeSet, writing
from heroesite.records.doors import door_of
from heroesite.records.models import Record, all_kinds
from heroesite.records.races import again_after_race

from .undo import Undone, rehearse, revert, undo

SHOWN = 100
"""Records that a page tells one by one."""


class UndoPage(LoginRequiredMixin, TemplateView):
    """Says what undoing a change set would do, and does it."""

    template_name = "history/undo.html"
    address = "history:detail"
    """Where a change set is told."""
    http_method_names = ["get", "head", "post", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        change_set = get_object_or_404(ChangeSet, pk=kwargs["pk"])
        anyway = chosen(request.GET)
        undone = again_after_race(rehearse)(change_set, request.user, all_kinds(), anyway=anyway)
        return self.show(change_set, undone, anyway)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        change_set = get_object_or_404(ChangeSet, pk=kwargs["pk"])
        anyway = chosen(request.POST)
        with writing(door_of(request), request, undoes=change_set):
            undone = again_after_race(undo)(change_set, request.user, all_kinds(), anyway=anyway)
        if not undone.done:
            return self.show(change_set, undone, anyway, status=409)
        words = ngettext("%(count)d record was undone.", "%(count)d records were undone.", len(undone.done))
        messages.success(request, words % {"count": len(undone.done)})
        return redirect(self.address, undone.change_set)

    def show(self, change_set: ChangeSet, undone: Undone, anyway: bool, status: int = 200) -> HttpResponse:
        context = self.get_context_data(
            change_set=change_set,
            back=reverse(self.address, args=[change_set.pk]),
            undone_by=change_set.undone_by.all(),
            undone=undone,
            shown={"done": undone.done[:SHOWN], "left": undone.left[:SHOWN]},
            anyway=anyway,
        )
        answer = self.render_to_response(context, status=status)
        add_never_cache_headers(answer)
        return answer


def chosen(data: Any) -> bool:
    """Whether to undo what was changed since as well."""
    if data.getlist("anyway") not in ([], ["yes"]):
        raise BadRequest(_("Write anyway=yes, or leave it out."))
    return "anyway" in data


class RevertPage(LoginRequiredMixin, TemplateView):
    """Gives a record the values that it had at an entry of its history."""

    template_name = "history/revert.html"
    model: type[Record] = Record  # type: ignore[type-abstract]
    http_method_names = ["get", "head", "post", "options"]

    def find(self) -> Any:
        return get_object_or_404(
            self.model.history.select_related("change_set"),
            id=self.kwargs["pk"],
            version=self.kwargs["version"],
        )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.show(self.find())

    @method_decorator(again_after_race)
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        entry = self.find()
        try:
            record = revert(self.model, entry, request.user)
        except ValidationError as error:
            return self.show(entry, error.messages, status=409)
        words = _("“%(name)s” is as it was at version %(version)s.")
        messages.success(request, words % {"name": record, "version": entry.version})
        return redirect(record)

    def show(self, entry: Any, faults: Sequence[str] = (), status: int = 200) -> HttpResponse:
        context = self.get_context_data(
            entry=entry,
            faults=faults,
            kind=self.model._meta,
            fields=[
                (self.model.label(name), MASK if name in self.model.RESTRICTED else shown(entry, name))
                for name in self.model.FIELDS
            ],
        )
        return self.render_to_response(context, status=status)


def shown(entry: Any, name: str) -> Any:
    """A value of an entry; a link as the record that is there now, if it is."""
    field = entry._meta.get_field(name)
    if not field.is_relation:
        return getattr(entry, name)
    return field.related_model.objects.filter(pk=getattr(entry, field.attname)).first()
