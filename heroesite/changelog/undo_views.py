"""The page that undoes a change set."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from heroesite.changelog.undo.execution import UndoResult, undo
from heroesite.changelog.undo.permissions import check_permission, find_actions
from heroesite.changelog.undo.preview import preview_undo
from heroesite.changelog.undo.reversals import Reversal
from heroesite.records.audit.change_sets import ChangeSet, new_change_set
from heroesite.records.audit.middleware import source_of
from heroesite.records.models.base import record_models
from heroesite.records.retries import retry_on_conflict

LISTED = 100
"""Records that the page lists."""
DONE = {
    "add": gettext_lazy("%(count)s %(records)s restored"),
    "delete": gettext_lazy("%(count)s %(records)s deleted"),
    "change": gettext_lazy("%(count)s %(records)s changed back"),
}


class UndoView(LoginRequiredMixin, TemplateView):
    """Preview an undo, and undo."""

    template_name = "history/undo.html"
    detail_url_name = "history:detail"
    http_method_names = ["get", "head", "post", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        change_set = get_object_or_404(ChangeSet, pk=kwargs["pk"])
        anyway = get_anyway(request.GET)
        preview = preview_undo(change_set, request.user, record_models(), anyway=anyway)
        return self.render_result(change_set, preview, anyway)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        change_set = get_object_or_404(ChangeSet, pk=kwargs["pk"])
        anyway = get_anyway(request.POST)
        # Before anything is locked:
        check_permission(request.user, find_actions(change_set, record_models()))
        with new_change_set(source_of(request), request, undoes=change_set):
            result = retry_on_conflict(undo)(change_set, request.user, record_models(), anyway=anyway)
        if not result.done:
            return self.render_result(change_set, result, anyway, status=409)
        messages.success(request, describe(result.done))
        return redirect(self.detail_url_name, result.change_set)

    def render_result(
        self, change_set: ChangeSet, result: UndoResult, anyway: bool, status: int = 200
    ) -> HttpResponse:
        """Render the preview, or the result of an undo that changed nothing."""
        context = self.get_context_data(
            change_set=change_set,
            back=reverse(self.detail_url_name, args=[change_set.pk]),
            undone_by=change_set.undone_by.all(),
            result=result,
            done=result.done[:LISTED],
            skipped=result.skipped[:LISTED],
            anyway=anyway,
        )
        response = self.render_to_response(context, status=status)
        add_never_cache_headers(response)
        return response


def get_anyway(data: QueryDict) -> bool:
    """Return whether records that have since been changed are undone too.

    Raises:
        BadRequest: the parameter has another value than ``yes``.
    """
    if data.getlist("anyway") not in ([], ["yes"]):
        raise BadRequest(_("Use anyway=yes, or omit it."))
    return "anyway" in data


def describe(done: Iterable[Reversal]) -> str:
    """Return what an undo did, such as “Undone: 53 heroes changed back.”"""
    counts = Counter((reversal.model, reversal.action) for reversal in done)
    changes = []
    for (model, action), count in counts.items():
        names = model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural
        changes.append(DONE[action] % {"count": localize(count), "records": names})
    return _("Undone: %(changes)s.") % {"changes": ", ".join(changes)}
