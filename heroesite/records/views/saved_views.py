"""Pages that save, open and delete views of a list."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _

from heroesite.records.models.saved_views import SavedView
from heroesite.records.retries import retry_on_conflict
from heroesite.records.views.base import RecordView


class SavedViewForm(forms.ModelForm):
    """Saves a query under a name; the instance has its owner and record type."""

    class Meta:
        model = SavedView
        fields = ("name", "query")
        widgets = {"query": forms.HiddenInput}


class SavedViewListView(LoginRequiredMixin, RecordView):
    """Lists the user's saved views; POST saves another."""

    template = "saved_views"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render_views()

    @method_decorator(retry_on_conflict)
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        owner: Any = request.user
        view = SavedView(user=owner, kind=self.model._meta.label_lower)
        filterset = self.filterset_class(QueryDict(request.POST.get("query", "")), request=request)
        form = SavedViewForm({**request.POST.dict(), "query": filterset.query_to_save}, instance=view)
        if not filterset.is_valid():
            form.add_error(None, _("This view can't be saved because its filters aren't valid."))
        if not form.is_valid():
            return self.render_views(form, status=422)
        form.save()
        messages.success(request, _("View “%(name)s” saved.") % {"name": view})
        return redirect(f"{self.address('list')}?{view.query}")

    def render_views(self, form: SavedViewForm | None = None, status: int = 200) -> HttpResponse:
        view = SavedView.objects.of(self.request.user, self.model)
        return self.render_to_response(self.get_context_data(saved_views=view, form=form), status=status)


class SavedViewOpenView(RecordView):
    """Redirects to the list that a view shows; if its query is no longer valid, shows the errors."""

    template = "saved_view"
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        view = get_object_or_404(SavedView, kind=self.model._meta.label_lower, key=kwargs["key"])
        query = QueryDict(view.query)
        filterset = self.filterset_class(query, request=request)
        if filterset.is_valid():
            return redirect(f"{self.address('list')}?{view.query}")
        rest = query.copy()
        for name in filterset.form.errors:
            rest.pop(name, None)
        context = self.get_context_data(view=view, form=filterset.form, rest=rest.urlencode())
        return self.render_to_response(context, status=400)


class SavedViewDeleteView(SavedViewListView):
    """Deletes a view of the user."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        view = get_object_or_404(SavedView.objects.of(request.user, self.model), key=kwargs["key"])
        view.delete()
        messages.success(request, _("View “%(name)s” deleted.") % {"name": view})
        return redirect(self.address("saved_views"))
