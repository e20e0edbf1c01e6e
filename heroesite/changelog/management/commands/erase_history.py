"""Erases a value that must not be kept from the history."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from heroesite.changelog.erasing import ValueInUse, erase
from heroesite.records.models.base import Record


class Command(BaseCommand):
    help = (
        "Erase from the history the values that a field of a record had at some versions: a secret that was"
        " typed into the wrong field. That it was done is recorded; it cannot be undone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", help="hero or team")
        parser.add_argument("id", type=int)
        parser.add_argument("field", help="name, headquarters, …")
        parser.add_argument("versions", type=int, nargs="+", help="as the history of the record numbers them")

    def handle(self, *args: Any, kind: str, id: int, field: str, versions: list[int], **options: Any) -> None:
        kinds = {model._meta.model_name: model for model in apps.get_models() if issubclass(model, Record)}
        if kind not in kinds:
            words = _("There is no kind “%(kind)s”; there are: %(kinds)s.")
            raise CommandError(words % {"kind": kind, "kinds": ", ".join(sorted(map(str, kinds)))})
        model = kinds[kind]
        if field not in model.FIELDS:
            words = _("There is no field “%(field)s”; there are: %(fields)s.")
            raise CommandError(words % {"field": field, "fields": ", ".join(model.FIELDS)})
        known = set(model.history.filter(id=id).values_list("version", flat=True))
        if missing := sorted(set(versions) - known):
            words = _("The history of %(kind)s %(id)s has no version %(versions)s.")
            told = ", ".join(map(str, missing))
            raise CommandError(words % {"kind": kind, "id": id, "versions": told})
        try:
            erased = erase(model, id, field, versions)
        except ValueInUse:
            words = _("%(kind)s %(id)s still has this value. Change it first, then run this again.")
            raise CommandError(words % {"kind": kind.capitalize(), "id": id}) from None
        words = _("Erased at versions: %(versions)s.")
        self.stdout.write(words % {"versions": ", ".join(map(str, erased)) or _("none; there was nothing")})
