"""Where every device of an environment was, as far as could be known at a time: what the map showed then."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from tracker.devices.status import offline_after
from tracker.live.sight import Sight
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment

LOOK_BACK = timedelta(hours=48)  # a device silent for longer was grey for long
CLOCK_AHEAD = timedelta(days=1)  # no fix from further ahead was let in
# For each device the newest fix that had been stored by then: a walk down its own end of the key.
AS_KNOWN = """
    SELECT d.uid, d.external_id, d.name, s.cadence_s, d.metadata->>'hub',
           p.recorded_at, p.received_at, ST_X(p.location), ST_Y(p.location), p.accuracy_m, p.speed_mps, p.heading_deg,
           p.battery, p.activity, coalesce(p.moved_at, p.recorded_at)
    FROM tracker_device d
    LEFT JOIN tracker_devicestate s ON s.device_id = d.id
    CROSS JOIN LATERAL (
        SELECT * FROM tracker_position
        WHERE environment_id = %(environment)s AND device_id = d.id
          AND recorded_at >= %(since)s AND recorded_at < %(until)s AND stored_at <= %(at)s
        ORDER BY recorded_at DESC LIMIT 1
    ) p
    WHERE d.environment_id = %(environment)s AND d.deleted_at IS NULL AND d.registered_at <= %(at)s
"""
IN_SIGHT = """
      AND EXISTS (
          SELECT FROM tracker_geofencevisit v
          WHERE v.environment_id = %(environment)s AND v.device_id = d.id AND v.exited_at IS NULL
            AND v.geofence_id = ANY(%(sight)s)
      )
"""


def known_at(environment: Environment, at: datetime, sight: Sight | None) -> list[dict[str, Any]]:
    """Devices in the shape of the live frames, each at the newest place that was stored by then.

    Fixes that a later one proved wrong were taken out of the history, so they are missing here. What a member may
    see goes by where devices are now.
    """
    values: dict[str, Any] = {
        "environment": environment.pk,
        "at": at,
        "since": at - LOOK_BACK,
        "until": at + CLOCK_AHEAD,
    }
    query = AS_KNOWN
    if sight is not None:
        query += IN_SIGHT
        values["sight"] = sorted(sight.keys)
    with connection.cursor() as cursor:
        cursor.execute(query + " ORDER BY d.id", values)
        return [_device(row) for row in cursor.fetchall()]


def _device(row: tuple[Any, ...]) -> dict[str, Any]:
    uid, external_id, name, cadence_s, hub, recorded, received, *place, moved = row
    names = (
        "longitude",
        "latitude",
        "accuracy_m",
        "speed_mps",
        "heading_deg",
        "battery",
        "activity",
    )
    return {
        "id": public_id("dev", uid),
        "external_id": external_id,
        "name": name,
        "hub": hub or "",
        "offline_after_s": offline_after(cadence_s).total_seconds(),
        "recorded_at": ms_of(recorded),
        "received_at": ms_of(received),
        "moved_at": ms_of(moved),
        **dict(zip(names, place, strict=True)),
    }


def ms_of(moment: datetime) -> int:
    """Epoch milliseconds."""
    return round(moment.timestamp() * 1000)
