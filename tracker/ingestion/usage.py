"""Reads of what was used, by hour of receiving: reports by key and outcome, and devices new to a month."""

from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import TruncDate, TruncHour

from tracker.ingestion.models import ActiveDevice, KeyUse
from tracker.tenants.hourly import HourCount

WHY = "usage is pulled for every customer at once"
NEWEST_LATE = """
    SELECT environment_id, min(hour), max(hour) FROM tracker_keyuse WHERE late_by >= %s GROUP BY 1 ORDER BY 1"""


class LateHours(NamedTuple):
    """From which hour to which, both included, an environment's uses changed long after these hours."""

    environment_id: int
    first: datetime
    last: datetime


def reports_by_hour(
    what: str, first: datetime, last: datetime, environment_id: int | None = None
) -> list[HourCount]:
    """Reports of one outcome, or compared with geofences, in [first, last), of one environment or of all."""
    rows = _of(KeyUse, environment_id).filter(what=what, hour__gte=first, hour__lt=last)
    found = rows.values_list("environment_id", "hour").annotate(total=Sum("count")).order_by()
    return [HourCount(*row) for row in found]


def devices_new_to_their_month(
    first: datetime, last: datetime, environment_id: int | None = None
) -> list[HourCount]:
    """Devices by the hour in which their first accepted report of the month was received."""
    rows = _of(ActiveDevice, environment_id).filter(first_received_at__gte=first, first_received_at__lt=last)
    hours = rows.annotate(hour=TruncHour("first_received_at")).values_list("environment_id", "hour")
    return [HourCount(*row) for row in hours.annotate(total=Count("device_id")).order_by()]


def changed_late(since: int) -> list[LateHours]:
    """Environments whose long past hours a transaction from number `since` on has changed."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST_LATE, [since])
        return [LateHours(*row) for row in cursor.fetchall()]


def reports_by_key(environment_id: int, first: datetime, last: datetime) -> dict[int, dict[str, int]]:
    """Reports of an environment by key and by what became of them, in [first, last); key 0 is no key."""
    rows = KeyUse.objects.for_environment(environment_id).filter(hour__gte=first, hour__lt=last)
    found: dict[int, dict[str, int]] = {}
    for key, what, total in rows.values_list("key_id", "what").annotate(total=Sum("count")).order_by():
        if total:
            found.setdefault(key, {})[what] = total
    return found


def reports_of_key_by_day(
    environment_id: int, key_id: int, first: datetime
) -> list[tuple[date, dict[str, int]]]:
    """A key's reports since a time by UTC day and by what became of them, the newest day first."""
    rows = KeyUse.objects.for_environment(environment_id).filter(key_id=key_id, hour__gte=first)
    days = rows.annotate(day=TruncDate("hour", tzinfo=UTC)).values_list("day", "what")
    found: dict[date, dict[str, int]] = {}
    for day, what, total in days.annotate(total=Sum("count")).order_by("-day"):
        found.setdefault(day, {})[what] = total
    return list(found.items())


def active_devices_by_metadata(environment_id: int, month: date, name: str) -> dict[str | None, int]:
    """Devices that were active in a month, by what their metadata says under `name`; None where it says nothing."""
    rows = ActiveDevice.objects.for_environment(environment_id).filter(month=month)
    grouped = rows.annotate(group=KeyTextTransform(name, "device__metadata")).values_list("group")
    return dict(grouped.annotate(total=Count("device_id")).order_by())


def _of(model: Any, environment_id: int | None) -> Any:
    if environment_id is None:
        return model.objects.unscoped(WHY)
    return model.objects.for_environment(environment_id)
