"""Counts each meter by hour from its source rows, through the selectors of whoever owns them."""

from collections.abc import Callable
from datetime import datetime

from dispatch.planning.usage import stops_planned_by_hour
from dispatch.shipments.usage import shipments_by_hour
from tracker.archive.usage import archived_bytes_by_hour
from tracker.ingestion.models import KeyUse
from tracker.ingestion.usage import devices_new_to_their_month, reports_by_hour
from tracker.tenants.hourly import HourCount
from tracker.webhooks.usage import deliveries_by_hour

# from, to (whole hours), environment or None for all
Counter = Callable[[datetime, datetime, int | None], list[HourCount]]


def fixes_accepted(first: datetime, last: datetime, environment_id: int | None) -> list[HourCount]:
    """Accepted reports by the hour they were received."""
    return reports_by_hour(KeyUse.What.ACCEPTED, first, last, environment_id)


def geofence_evaluations(first: datetime, last: datetime, environment_id: int | None) -> list[HourCount]:
    """Reports compared with geofences by the hour they were received."""
    return reports_by_hour(KeyUse.What.EVALUATED, first, last, environment_id)


COUNTERS: dict[str, Counter] = {
    "fixes_accepted": fixes_accepted,
    "active_devices": devices_new_to_their_month,
    "geofence_evaluations": geofence_evaluations,
    "dispatch_stops": stops_planned_by_hour,
    "shipments_tracked": shipments_by_hour,
    "webhooks_delivered": deliveries_by_hour,
    "archive_bytes": archived_bytes_by_hour,
}
# those that reports change, long after their hour too
BY_REPORTS = ("fixes_accepted", "active_devices", "geofence_evaluations")
