"""Search for a record to select. Comboboxes call this while the user types."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from heroesite.record_choices import MAX_MATCHES
from heroesite.records.filters.filters import SearchField
from heroesite.records.filters.forms import QueryForm
from heroesite.records.filters.typed_names import best_matches
from heroesite.records.views.base import RecordView


class ChoicesForm(QueryForm):
    allow_empty = True

    search = SearchField(required=False)


class RecordChoicesView(RecordView):
    """Returns the records whose names match best, as JSON."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = ChoicesForm(request.GET)
        if not form.is_valid():
            message = " ".join(str(error) for errors in form.errors.values() for error in errors)
            return JsonResponse({"results": [], "more": False, "message": message}, status=400)
        found = best_matches(self.model.objects.all(), " ".join(form.cleaned_data["search"]))
        rows = list(found.values_list("pk", "name")[: MAX_MATCHES + 1])
        results = [{"id": pk, "name": name} for pk, name in rows[:MAX_MATCHES]]
        return JsonResponse({"results": results, "more": len(rows) > MAX_MATCHES})
