"""The chart of recent changes."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from heroesite.cached_per_language import cached_per_language
from heroesite.database.statements import Statement
from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.views.charts import Bar, Chart

DAYS = 14


@lru_cache(maxsize=2)
def counts_statement(first: date) -> Statement:
    """Return the statement for the number of change sets on each day (UTC), from the first one on."""
    found = ChangeSet.objects.filter(at__gte=datetime.combine(first, time.min, UTC)).order_by()
    return Statement(found.values_list(TruncDate("at", tzinfo=UTC)).annotate(count=Count("pk")))


@cached_per_language
def day_label(day: date) -> str:
    return date_format(day, "MONTH_DAY_FORMAT")


@lru_cache(maxsize=2 * DAYS)
def day_query(day: date) -> str:
    end = datetime.combine(day, time.max, UTC)
    return urlencode({"at__gte": f"{day}T00:00:00Z", "at__lte": f"{end:%Y-%m-%dT%H:%M:%S.%f}Z"})


def changes_per_day() -> Chart:
    """Return the chart of change sets per day (UTC)."""
    today = timezone.now().astimezone(UTC).date()
    days = [today - timedelta(days=ago) for ago in range(DAYS)]
    statement = counts_statement(days[-1])
    counts = {day: count for day, count in statement.execute(*statement.parameters)}  # noqa: C416
    bars = [Bar(day_label(day), counts.get(day, 0), day_query(day)) for day in days]
    return Chart(_("Changes per day"), reverse("history:list"), bars)
