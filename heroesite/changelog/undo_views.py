"""Pages on which a change set is undone, and a record given the values that it had."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from heroesite.changelog.undo import UndoResult, rehearse, undo
from heroesite.records.audit.change_sets import ChangeSet, new_change_set
from heroesite.records.audit.middleware import source_of
from heroesite.records.models.base import record_models
from heroesite.records.retries import retry_on_conflict

SHOWN = 100
"""Records that a page tells one by one."""


class UndoView(LoginRequiredMixin, TemplateView):
    """Says what undoing a change set would do, and does it."""

    template_name = "history/undo.html"
    address = "history:detail"
    """Where a change set is told."""
    http_method_names = ["get", "head", "post", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        change_set = get_object_or_404(ChangeSet, pk=kwargs["pk"])
        anyway = chosen(request.GET)
        undone = retry_on_conflict(rehearse)(change_set, request.user, record_models(), anyway=anyway)
        return self.show(change_set, undone, anyway)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        change_set = get_object_or_404(ChangeSet, pk=kwargs["pk"])
        anyway = chosen(request.POST)
        with new_change_set(source_of(request), request, undoes=change_set):
            undone = retry_on_conflict(undo)(change_set, request.user, record_models(), anyway=anyway)
        if not undone.done:
            return self.show(change_set, undone, anyway, status=409)
        words = ngettext("%(count)d record was undone.", "%(count)d records were undone.", len(undone.done))
        messages.success(request, words % {"count": len(undone.done)})
        return redirect(self.address, undone.change_set)

    def show(
        self, change_set: ChangeSet, undone: UndoResult, anyway: bool, status: int = 200
    ) -> HttpResponse:
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
