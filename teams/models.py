"""Teams, which heroes belong to."""

from typing import Any, ClassVar

from django.db.models import Avg
from django.utils.translation import gettext_lazy as _

from heroesite.records.models import Record
from heroesite.records.models.fields import LineField


class Team(Record):
    FIELDS: ClassVar = ("name", "headquarters")

    headquarters = LineField(_("headquarters"), max_length=200)

    class Meta(Record.Meta):
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    heroes: Any

    def average_age(self) -> float | None:
        """Return the mean of its heroes' known ages, in years, or ``None`` if no age is known."""
        average = self.heroes.aggregate(average=Avg("age"))["average"]
        return None if average is None else float(average)
