"""One device's fixes over a time, as plain rows: what histories and playbacks are reckoned from."""

from datetime import datetime
from typing import NamedTuple

from django.db import connection

from tracker.devices.models import Device

# `extra` is looked into for the engine only: trackers wired to one say whether it runs
TRAIL = """
    SELECT recorded_at, ST_X(location), ST_Y(location),
           CASE extra->>'ignition' WHEN 'true' THEN true WHEN 'false' THEN false END
    FROM tracker_position
    WHERE environment_id = %s AND device_id = %s AND recorded_at >= %s AND recorded_at < %s
"""
KNOWN = " AND stored_at <= %s"


class TrailFix(NamedTuple):
    """Recorded time, WGS 84 degrees, whether the engine ran where that is known."""

    at: datetime
    longitude: float
    latitude: float
    ignition: bool | None


def trail_of(
    device: Device, since: datetime, until: datetime, *, known_at: datetime | None = None
) -> list[TrailFix]:
    """The positions kept with `since` <= recorded_at < `until`, in order; with `known_at` those stored by then."""
    query = TRAIL
    values: list[int | datetime] = [device.environment_id, device.pk, since, until]
    if known_at is not None:
        query += KNOWN
        values.append(known_at)
    with connection.cursor() as cursor:
        cursor.execute(query + " ORDER BY recorded_at", values)
        return [TrailFix(*row) for row in cursor.fetchall()]
