"""Heroes, with the identity that they keep to themselves."""

from typing import ClassVar

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from heroesite.records.models.base import Record
from heroesite.records.models.constraints import FieldCheckConstraint, line_length_check
from heroesite.records.models.fields import BoundedIntegerField, LineField, RecordForeignKey
from teams.models import Team

AGES = (0, 1_000_000)
"""The youngest and the oldest that a hero can be, in years."""


class Hero(Record):
    FIELDS: ClassVar = ("name", "secret_name", "age", "team")
    RESTRICTED: ClassVar = {"secret_name": "heroes.view_secret_name"}

    secret_name = LineField(_("secret name"), max_length=100)
    age = BoundedIntegerField(
        _("age"), min_value=AGES[0], max_value=AGES[1], null=True, blank=True, db_index=True
    )
    team = RecordForeignKey(
        Team,
        verbose_name=_("team"),
        related_name="heroes",
        none=_("no team"),
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
        constraints = [
            *Record.Meta.constraints,
            line_length_check("secret_name", 100),
            FieldCheckConstraint(condition=Q(age__range=AGES), name="%(app_label)s_%(class)s_age_range"),
        ]
