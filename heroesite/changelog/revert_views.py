"""The page that reverts a record to an earlier version."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from heroesite.changelog.revert import check_permission, revert
from heroesite.records.models.base import Record
from heroesite.records.permissions import MASK
from heroesite.records.retries import retry_on_conflict
from heroesite.records.views.base import add_undoable_message


class RevertView(LoginRequiredMixin, TemplateView):
    """Gives a record the values that it had at an entry of its history."""

    template_name = "history/revert.html"
    model: type[Record] = Record  # type: ignore[type-abstract]
    http_method_names = ["get", "head", "post", "options"]

    def get_entry(self) -> Any:
        return get_object_or_404(
            self.model.history.select_related("change_set"),
            id=self.kwargs["pk"],
            version=self.kwargs["version"],
        )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.show(self.get_allowed_entry())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        entry = self.get_allowed_entry()  # before anything is locked
        try:
            record = retry_on_conflict(revert)(self.model, entry, request.user)
        except ValidationError as error:
            return self.show(entry, error.messages, status=409)
        message = _("“%(name)s” reverted to version %(version)s.")
        add_undoable_message(request, message % {"name": record, "version": entry.version})
        return redirect(record)

    def get_allowed_entry(self) -> Any:
        """Return the entry, if the user can revert to it."""
        entry = self.get_entry()
        exists = self.model.objects.filter(pk=entry.id).exists()
        check_permission(self.request.user, self.model, exists=exists)
        return entry

    def show(self, entry: Any, errors: Sequence[str] = (), status: int = 200) -> HttpResponse:
        context = self.get_context_data(
            entry=entry,
            errors=errors,
            opts=self.model._meta,
            fields=[
                (self.model.label(name), MASK if name in self.model.RESTRICTED else value(entry, name))
                for name in self.model.FIELDS
            ],
        )
        return self.render_to_response(context, status=status)


def value(entry: Any, name: str) -> Any:
    """Return a value of an entry; for a link, the record or the last name of a deleted one."""
    field = entry._meta.get_field(name)
    if not field.is_relation:
        return getattr(entry, name)
    pk = getattr(entry, field.attname)
    return field.related_model.records_or_last_names([pk]).get(pk) if pk else None
