"""The chart of recent changes."""

from datetime import UTC, datetime, time, timedelta

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.views.charts import Bar, Chart

DAYS = 14


def changes_per_day() -> Chart:
    """Return the chart of change sets per day (UTC)."""
    today = timezone.now().astimezone(UTC).date()
    days = [today - timedelta(days=ago) for ago in range(DAYS)]
    since = datetime.combine(days[-1], time.min, UTC)
    found = ChangeSet.objects.filter(at__gte=since).order_by()
    counts = dict(found.values_list(TruncDate("at", tzinfo=UTC)).annotate(count=Count("pk")))
    bars = []
    for day in days:
        end = datetime.combine(day, time.max, UTC)
        query = {"at__gte": f"{day.isoformat()}T00:00:00Z", "at__lte": f"{end:%Y-%m-%dT%H:%M:%S.%f}Z"}
        bars.append(Bar(date_format(day, "MONTH_DAY_FORMAT"), counts.get(day, 0), query))
    return Chart(_("Changes per day"), reverse("history:list"), bars)
