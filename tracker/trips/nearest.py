"""Which devices are soonest at a place: the nearest ones, put in the order of the time they would take."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from tracker.devices.nearby import Near, nearest_devices
from tracker.tenants.models import Environment
from tracker.trips.advance import us
from tracker.trips.estimate import Estimate, Way, by_pace
from tracker.trips.paces import paces_of

CANDIDATES = 5  # times as many as wanted: one farther away may be sooner there
MOST_CANDIDATES = 500
WATCHED = timedelta(minutes=15)
# how far each came in the time before its last fix, and in how long
OWN_WAYS = """
    SELECT s.device_id, w.way_m, w.seconds
    FROM tracker_devicestate s
    CROSS JOIN LATERAL (
        SELECT sum(step_m) AS way_m, extract(epoch FROM max(recorded_at) - min(recorded_at))::float8 AS seconds
        FROM (
            SELECT recorded_at, ST_DistanceSphere(location, lag(location) OVER (ORDER BY recorded_at)) AS step_m
            FROM tracker_position
            WHERE environment_id = %(environment)s AND device_id = s.device_id
              AND recorded_at > s.recorded_at - %(watched)s AND recorded_at <= s.recorded_at
        ) steps
    ) w
    WHERE s.environment_id = %(environment)s AND s.device_id = ANY(%(devices)s)
"""


class Soon(NamedTuple):
    """A device, its straight distance, and when it would be there."""

    near: Near
    estimate: Estimate


def soonest_devices(
    environment: Environment,
    longitude: float,
    latitude: float,
    *,
    heard_since: datetime,
    within_m: float | None,
    limit: int,
    now: datetime,
) -> list[Soon]:
    """Up to `limit` devices, the soonest first, chosen among five times as many of the nearest.

    Each gets along as its environment does at this hour, blended with its own pace of the last quarter of an hour.
    """
    count = min(limit * CANDIDATES, MOST_CANDIDATES)
    found = nearest_devices(
        environment, longitude, latitude, heard_since=heard_since, within_m=within_m, limit=count
    )
    own = _own_ways(environment, [near.device.pk for near in found])
    paces = paces_of([environment.pk]).get(environment.pk, {})
    now_us = us(now)
    soon = [
        Soon(
            near,
            by_pace(_way(near, own.get(near.device.pk, (None, 0.0))), paces, from_us=now_us, now_us=now_us),
        )
        for near in found
    ]
    return sorted(soon, key=lambda one: (one.estimate.at_us, one.near.device.pk))[:limit]


def _way(near: Near, own: tuple[float | None, float]) -> Way:
    way_m, seconds = own
    moving = (
        way_m is not None and seconds > 0 and way_m / seconds > 0.5
    )  # a parked van drives no slower for it
    return Way(near.distance_m, way_m / seconds, seconds) if moving and way_m else Way(near.distance_m)


def _own_ways(environment: Environment, devices: Sequence[int]) -> dict[int, tuple[float | None, float]]:
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"environment": environment.pk, "devices": list(devices), "watched": WATCHED}
        cursor.execute(OWN_WAYS, values)
        return {device_id: (way_m, seconds or 0.0) for device_id, way_m, seconds in cursor.fetchall()}
