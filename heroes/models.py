"""Heroes, with a restricted secret name."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from heroesite.records.models import Record
from heroesite.records.models.fields import BoundedIntegerField, LineField, RecordForeignKey
from teams.models import Team


class Hero(Record):
    FIELDS: ClassVar = ("name", "secret_name", "age", "team")
    RESTRICTED: ClassVar = {"secret_name": "heroes.view_secret_name"}

    secret_name = LineField(_("secret name"), max_length=100)
    age = BoundedIntegerField(_("age"), min_value=0, max_value=1_000_000, null=True, blank=True)
    team = RecordForeignKey(
        Team,
        verbose_name=_("team"),
        related_name="heroes",
        empty_label=_("no team"),
        deletion_effect=ngettext_lazy(
            "%(count)d hero will be left without a team.",
            "%(count)d heroes will be left without a team.",
            "count",
        ),
    )

    class Meta(Record.Meta):
        verbose_name = _("hero")
        verbose_name_plural = _("heroes")
        permissions = [("view_secret_name", _("Can see secret names"))]
