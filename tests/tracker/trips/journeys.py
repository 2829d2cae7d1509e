"""Made-up journeys for tests of trips: a straight road east along a parallel, and rows in the database."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from math import cos, radians
from typing import Any, cast

from django.contrib.gis.geos import Point

from tests.tracker.caller import REQUEST
from tracker.devices.models import Device, DeviceState
from tracker.positions.models import Position
from tracker.trips.advance import us
from tracker.trips.ground import METRES_A_DEGREE, Target
from tracker.trips.models import Trip
from tracker.trips.progress import Fix, Plan
from tracker.trips.services import Destination, NewTrip, create_trip

LATITUDE = 52.37
GOAL = (4.9, LATITUDE)
START = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)


def east_m(metres: float, north_m: float = 0.0) -> tuple[float, float]:
    """The place so far east (west where negative) of the goal."""
    longitude = GOAL[0] + metres / (METRES_A_DEGREE * cos(radians(LATITUDE)))
    return longitude, LATITUDE + north_m / METRES_A_DEGREE


def fix(at_s: float, metres: float, *, accuracy_m: float | None = 5.0, north_m: float = 0.0) -> Fix:
    """A fix so many seconds after START, so far from the goal."""
    return Fix(us(START) + round(at_s * 1e6), *east_m(metres, north_m), accuracy_m)


def plan(**facts: Any) -> Plan:
    """To the goal, with a radius of 50 m."""
    return Plan(**({"started_us": us(START), "target": Target(GOAL, 50.0)} | facts))


def drive(
    from_m: float, to_m: float, *, every_s: float = 10.0, speed_mps: float = 10.0, at_s: float = 0.0
) -> list[Fix]:
    """Fixes from one distance to another."""
    count = max(1, int(abs(to_m - from_m) / (speed_mps * every_s)))
    step = (to_m - from_m) / count
    return [fix(at_s + every_s * n, from_m + step * n) for n in range(count + 1)]


def a_trip(device: Device, *, now: datetime, **facts: Any) -> Trip:
    """A trip of the device to the goal."""
    destination = facts.pop("destination", Destination(Point(*GOAL, srid=4326), "The goal"))
    return create_trip(NewTrip(device=device, destination=destination, **facts), now=now)


def report(
    device: Device, fixes: Iterable[Fix], *, stored_at: datetime | None = None, move: bool = True
) -> None:
    """Store positions as the pipeline does, and move the device's state to the newest."""
    rows = list(fixes)
    for one in rows:
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=one.at_us)
        stored = stored_at or at + timedelta(seconds=1)
        Position.objects.create(
            environment_id=device.environment_id, device=device, recorded_at=at, received_at=stored,
            stored_at=stored, location=Point(*one.place, srid=4326), accuracy_m=one.accuracy_m, request_id=REQUEST,
            moved_at=at,
        )  # fmt: skip
    if move and rows:
        put_state(device, max(rows))


def put_state(device: Device, newest: Fix) -> None:
    """Where the device is now; it never moves back."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=newest.at_us)
    states = DeviceState.objects.for_environment(device.environment_id).filter(device=device)
    facts: dict[str, Any] = {
        "recorded_at": at, "received_at": at, "stored_at": at, "longitude": newest.longitude,
        "latitude": newest.latitude, "accuracy_m": newest.accuracy_m, "moved_at": at,
        "anchor_longitude": newest.longitude, "anchor_latitude": newest.latitude,
    }  # fmt: skip
    if not states.exists():
        DeviceState.objects.create(
            **cast(Any, facts | {"environment_id": device.environment_id, "device": device})
        )
    else:
        states.filter(recorded_at__lt=at).update(**facts)


def again(trip: Trip) -> Trip:
    """The row as it is now."""
    return (
        Trip.objects.for_environment(trip.environment_id).select_related("device", "geofence").get(pk=trip.pk)
    )
