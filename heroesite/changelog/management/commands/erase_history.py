"""Erases from the history a value that must not be stored."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from heroesite.changelog.erasing import ValueInUse, erase
from heroesite.records.models.base import Record, record_models


class Command(BaseCommand):
    help = (
        "Erase a field's value from some versions of a record, for example a secret that was typed into the"
        " wrong field. The value is erased from the history and from everything else that stores it. The"
        " erasure is recorded as a change set, and can't be undone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        types = ", ".join(sorted(str(model._meta.model_name) for model in record_models()))
        parser.add_argument("type", help=f"The type of the record, one of: {types}.")
        parser.add_argument("id", type=int, help="The ID of the record.")
        parser.add_argument("field", help="The field, such as name.")
        parser.add_argument(
            "versions",
            type=int,
            nargs="+",
            help="The versions to erase the value from, as numbered in the record's history.",
        )

    def handle(self, *args: Any, type: str, id: int, field: str, versions: list[int], **options: Any) -> None:
        model = self.model_named(type)
        if field not in model.FIELDS:
            message = _("Unknown field “%(field)s”. Use one of: %(fields)s.")
            raise CommandError(message % {"field": field, "fields": ", ".join(model.FIELDS)})
        known = set(model.history.filter(id=id).values_list("version", flat=True))
        if missing := sorted(set(versions) - known):
            message = _(
                "The history of %(type)s %(id)s has no version %(versions)s. Use versions that it lists."
            )
            listed = ", ".join(map(str, missing))
            raise CommandError(message % {"type": type, "id": id, "versions": listed})
        try:
            erased = erase(model, id, field, versions)
        except ValueInUse:
            message = _("The current version of %(type)s %(id)s has this value. Change it, then try again.")
            raise CommandError(message % {"type": type, "id": id}) from None
        if erased:
            message = _("Erased from versions: %(versions)s.")
            self.stdout.write(message % {"versions": ", ".join(map(str, erased))})
        else:
            self.stdout.write(_("There was nothing to erase."))

    def model_named(self, name: str) -> type[Record]:
        """Return a record type by the name of its model.

        Raises:
            CommandError: there is no such type.
        """
        models = {str(model._meta.model_name): model for model in record_models()}
        if name not in models:
            message = _("Unknown record type “%(type)s”. Use one of: %(types)s.")
            raise CommandError(message % {"type": name, "types": ", ".join(sorted(models))})
        return models[name]
