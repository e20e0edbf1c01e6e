"""The admin of teams, which lists their heroes."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from heroesite.records.admin.records import RecordAdmin
from heroesite.records.filters.filtersets import LIMIT

from .models import Team


class TeamAdmin(RecordAdmin):
    readonly_fields = ("heroes", *RecordAdmin.readonly_fields)

    @admin.display(description=_("heroes"))
    def heroes(self, team: Team) -> Any:
        """Return the first heroes of a team, their number, and a link to all."""
        count = team.heroes.count()
        if not count:
            return _("None.")
        address = f"admin:{team.heroes.model._meta.app_label}_{team.heroes.model._meta.model_name}"
        links = format_html_join(
            "",
            '<li><a href="{}">{}</a></li>',
            ((reverse(f"{address}_change", args=[hero.pk]), hero) for hero in team.heroes.all()[:LIMIT]),
        )
        everyone = f"{reverse(f'{address}_changelist')}?team={team.pk}"
        words = ngettext("Show %(count)d hero as a list", "Show all %(count)d heroes as a list", count)
        return format_html('<ul>{}</ul><a href="{}">{}</a>', links, everyone, words % {"count": count})
