"""Teams: where heroes belong."""

from typing import Any, ClassVar

from django.db.models import Avg
from django.utils.translation import gettext_lazy as _

from heroesite.records.models.base import Record
from heroesite.records.models.constraints import line_length_check
from heroesite.records.models.fields import LineField


class Team(Record):
    FIELDS: ClassVar = ("name", "headquarters")

    headquarters = LineField(_("headquarters"), max_length=200)

    class Meta(Record.Meta):
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        constraints = [*Record.Meta.constraints, line_length_check("headquarters", 200)]

    heroes: Any

    def average_age(self) -> float | None:
        """The mean of its heroes' known ages, in years; none where no age is known."""
        average = self.heroes.aggregate(average=Avg("age"))["average"]
        return None if average is None else float(average)
