"""What a geofence's settings would have told of the last day: past positions folded by the rule that decides."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, FloatField, Func
from django.db.models.functions import Abs

from ingest_lambda.presence.fold import fold_many
from ingest_lambda.presence.state import Cause, Fix, Presence
from ingest_lambda.presence.zone import Zone
from ingest_lambda.presence.zones import Versions, Zones
from tracker.devices.models import Device, DeviceState
from tracker.geofences.models import Geofence, GeofenceVisit
from tracker.geofences.shape_facts import NewShape
from tracker.positions.models import Position

SPAN = timedelta(hours=24)
MOST_DEVICES = 40
MOST_FIXES = 60_000  # about a second's work
NEAR_DEGREES = 1.0  # devices whose last place is farther from it than this are not looked at
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Preview:
    """Crossings the last day would have had with the settings, and with every fix deciding by itself."""

    crossings: int
    without_hysteresis: int
    devices: int  # looked at
    fixes: int
    all_looked_at: bool  # False: there were more devices or fixes nearby than are looked at


def preview(environment_id: int, new: NewShape, geofence: Geofence | None, *, now: datetime) -> Preview:
    """Fold what devices nearby reported since yesterday; `geofence` is the one the settings are for, if it exists."""
    devices = _nearby(environment_id, new, geofence, now)
    trails: list[Sequence[Fix]] = []
    fixes = 0
    for device_id in devices[:MOST_DEVICES]:
        trail = _trail(environment_id, device_id, now, most=MOST_FIXES - fixes)
        fixes += len(trail)
        trails.append(trail)
        if fixes >= MOST_FIXES:
            break
    return Preview(
        crossings=_crossings(trails, _versions(new, new.rules.margin_m)),
        without_hysteresis=_crossings(trails, _versions(new, 0.0)),
        devices=len(trails),
        fixes=fixes,
        all_looked_at=len(trails) == len(devices) and fixes < MOST_FIXES,
    )


def _nearby(environment_id: int, new: NewShape, geofence: Geofence | None, now: datetime) -> list[int]:
    """Devices that were in it since yesterday, then those that were last seen nearest; one more than are taken."""
    visits = GeofenceVisit.objects.for_environment(environment_id).filter(entered_at__gte=now - SPAN)
    inside: Iterable[int] = () if geofence is None else visits.filter(geofence=geofence).values_list(
        "device_id", flat=True
    )  # fmt: skip
    middle = new.outline.geometry.representative_point()
    states = DeviceState.objects.for_environment(environment_id).filter(recorded_at__gte=now - SPAN)
    west, south, east, north = new.outline.geometry.bounds
    near = states.filter(
        latitude__range=(south - NEAR_DEGREES, north + NEAR_DEGREES),
        longitude__range=(west - NEAR_DEGREES, east + NEAR_DEGREES),
    ).order_by(Abs(F("latitude") - middle.y) + Abs(F("longitude") - middle.x))
    found = dict.fromkeys(inside) | dict.fromkeys(
        near.values_list("device_id", flat=True)[: MOST_DEVICES + 1]
    )
    alive = Device.objects.for_environment(environment_id).filter(pk__in=list(found), deleted_at=None)
    kept = set(alive.values_list("pk", flat=True))
    return [device_id for device_id in found if device_id in kept]


def _trail(environment_id: int, device_id: int, now: datetime, *, most: int) -> list[Fix]:
    rows = Position.objects.for_environment(environment_id).filter(
        device_id=device_id, recorded_at__gte=now - SPAN, recorded_at__lt=now
    )
    facts = rows.order_by("recorded_at").values_list(
        "recorded_at", _ordinate("ST_X"), _ordinate("ST_Y"), "accuracy_m", "speed_mps", "moved_at"
    )
    return [
        Fix(_us(at), longitude, latitude, accuracy, speed, _us(moved or at))
        for at, longitude, latitude, accuracy, speed, moved in facts[:most]
    ]


def _ordinate(function: str) -> Func:
    return Func(F("location"), function=function, output_field=FloatField())


def _us(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def _versions(new: NewShape, margin_m: float | None) -> Versions:
    zone = Zone(1, "0" * 32, None, new.rules.name, new.outline.geometry, margin_m)
    return Versions([Zones(1, 0, [zone])])


def _crossings(trails: Sequence[Sequence[Fix]], versions: Versions) -> int:
    """Crossings told; that a device was inside at its first fix is none."""
    items: list[tuple[Presence | None, Sequence[Fix]]] = [(None, trail) for trail in trails]
    told = [transition for _, transitions in fold_many(items, versions) for transition in transitions]
    return sum(1 for one in told if one.cause is not Cause.FIRST_FIX)
