"""Reads for the live map: everything an environment has, and one device's line of a day.

Plain SQL on purpose: 10,000 devices become JSON in one pass, with no model in between.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.db import connection
from django.db.models import Exists, OuterRef

from tracker.devices.models import DeviceState
from tracker.devices.status import offline_after
from tracker.live.frames import as_text
from tracker.live.watched import DeviceRow
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment

DEVICES_SQL = """
    SELECT d.uid, d.external_id, d.name,
           CASE WHEN jsonb_typeof(d.metadata->'hub') = 'string' THEN left(d.metadata->>'hub', 200) ELSE '' END AS hub,
           s.recorded_at, s.received_at, s.longitude, s.latitude, s.accuracy_m, s.altitude_m, s.speed_mps,
           s.heading_deg, s.battery, s.charging, s.activity, s.moved_at,
           s.cadence_s, coalesce(t.risk, '') AS risk, z.zones
    FROM tracker_device d
    LEFT JOIN tracker_devicestate s ON s.device_id = d.id
    LEFT JOIN (
        SELECT v.device_id, array_agg(g.uid ORDER BY v.entered_at, v.id) AS zones
        FROM tracker_geofencevisit v JOIN tracker_geofence g ON g.id = v.geofence_id
        WHERE v.environment_id = %(environment)s AND v.exited_at IS NULL
        GROUP BY v.device_id
    ) z ON z.device_id = d.id
    LEFT JOIN (
        SELECT device_id, CASE WHEN bool_or(off_corridor_since IS NOT NULL) THEN 'off_route'
                               WHEN bool_or(delayed_since IS NOT NULL) THEN 'late' END AS risk
        FROM tracker_trip WHERE environment_id = %(environment)s AND state = 'active'
        GROUP BY device_id
    ) t ON t.device_id = d.id
    WHERE d.environment_id = %(environment)s AND d.deleted_at IS NULL
    ORDER BY d.id
"""
# The device is looked up inside its environment, so a rival's id finds nothing.
TRACK_DEVICE_SQL = (
    "SELECT id FROM tracker_device WHERE environment_id = %s AND uid = %s AND deleted_at IS NULL"
)
TRACK_SQL = """
    WITH day AS (
        SELECT recorded_at, location,
               row_number() OVER (ORDER BY recorded_at) AS number, count(*) OVER () AS total
        FROM tracker_position
        WHERE environment_id = %s AND device_id = %s AND recorded_at >= %s AND recorded_at < %s
    )
    SELECT recorded_at, ST_X(location), ST_Y(location), total FROM day
    WHERE (number - 1) %% greatest(1, ceil(total::numeric / %s)::bigint) = 0 OR number = total
    ORDER BY recorded_at
"""
TRACK_POINTS = 5_000


EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - EPOCH) // timedelta(milliseconds=1)


def devices_now(environment_id: int) -> list[DeviceRow]:
    """Every device of an environment with its last position, in the shape of the live frames."""
    with connection.cursor() as cursor:
        cursor.execute(DEVICES_SQL, {"environment": environment_id})
        names = [column.name for column in cursor.description or ()]
        return [_device_row(dict(zip(names, row, strict=True))) for row in cursor]


def _device_row(row: dict[str, Any]) -> DeviceRow:
    device: dict[str, Any] = {"id": public_id("dev", row.pop("uid"))}
    zones = [public_id("gf", uid) for uid in row.pop("zones") or ()]
    bound = offline_after(row.pop("cadence_s"))
    for name, value in row.items():
        device[name] = _ms(value) if name.endswith("_at") else value
    device |= {"zones": zones, "offline_after_s": int(bound.total_seconds())}
    return DeviceRow(device["id"], device["recorded_at"], as_text(device), frozenset(zones))


def busy_elsewhere(environment: Environment) -> list[Environment]:
    """The other environments of its tenant in which a device has reported."""
    states = DeviceState.objects.unscoped("of the outer query's environments, which are the tenant's")
    others = Environment.objects.for_tenant(environment.tenant_id).exclude(pk=environment.pk)
    return list(others.filter(Exists(states.filter(environment=OuterRef("pk")))).order_by("name")[:3])


load_devices = database_sync_to_async(devices_now)


def track_of(
    environment_id: int, device_uid: UUID, since: datetime, until: datetime
) -> Mapping[str, Any] | None:
    """A device's accepted positions in [since, until) as a GeoJSON Feature; None without such a device.

    At most about 5,000 points, evenly thinned, the first and the last kept. `times` are epoch milliseconds,
    one for each coordinate. A line needs two points; with fewer the geometry is a Point or null.
    """
    with connection.cursor() as cursor:
        cursor.execute(TRACK_DEVICE_SQL, [environment_id, device_uid])
        found = cursor.fetchone()
        if found is None:
            return None
        cursor.execute(TRACK_SQL, [environment_id, found[0], since, until, TRACK_POINTS])
        rows = cursor.fetchall()
    return {
        "type": "Feature",
        "id": public_id("dev", device_uid),
        "geometry": _line([[round(x, 6), round(y, 6)] for _, x, y, _ in rows]),
        "properties": {
            "from": _ms(since),
            "to": _ms(until),
            "positions": rows[0][3] if rows else 0,
            "times": [_ms(row[0]) for row in rows],
        },
    }


def _line(points: list[list[float]]) -> Mapping[str, Any] | None:
    if len(points) > 1:
        return {"type": "LineString", "coordinates": points}
    return {"type": "Point", "coordinates": points[0]} if points else None
