"""Which devices are nearest to a place: by distance, or by the time they would take.

All devices of an environment are looked at: their states are narrow rows, and ten thousand take milliseconds; an
index of places would have to be written with every report.
"""

from datetime import datetime
from typing import NamedTuple

from django.db import connection

from tracker.devices.models import Device
from tracker.tenants.models import Environment

NEAREST = """
    SELECT s.device_id, ST_DistanceSphere(ST_MakePoint(s.longitude, s.latitude), ST_MakePoint(%s, %s)) AS distance_m
    FROM tracker_devicestate s JOIN tracker_device d ON d.id = s.device_id
    WHERE s.environment_id = %s AND d.deleted_at IS NULL AND s.recorded_at >= %s
    ORDER BY distance_m, s.device_id
    LIMIT %s
"""


class Near(NamedTuple):
    """A device, its last position loaded, and how far from the place it is in a straight line."""

    device: Device
    distance_m: float


def nearest_devices(
    environment: Environment,
    longitude: float,
    latitude: float,
    *,
    heard_since: datetime,
    within_m: float | None,
    limit: int,
) -> list[Near]:
    """Up to `limit` devices heard of since then, the nearest first; with `within_m`, none farther."""
    with connection.cursor() as cursor:
        cursor.execute(NEAREST, [longitude, latitude, environment.pk, heard_since, limit])
        found = [row for row in cursor.fetchall() if within_m is None or row[1] <= within_m]
    devices = (
        Device.objects.for_environment(environment)
        .select_related("state")
        .in_bulk([device_id for device_id, _ in found])
    )
    return [Near(devices[device_id], distance) for device_id, distance in found if device_id in devices]
